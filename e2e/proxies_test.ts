/**
 * A core and a gateway behind Debian's nginx and Caddy, with the very configurations of docs/operate.md: calls and
 * subscriptions over HTTPS, as browsers make them whose network lets no UDP pass.
 */

import assert from "node:assert/strict";
import { request } from "node:https";
import { Readable } from "node:stream";
import { HttpsConnection } from "../client/connection/https_fallback.ts";
import { readConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";
import { toHex } from "../schema/bytes.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery, EntryKind } from "../schema/rpc/methods.ts";
import { logTo } from "../server-common/testing/log.ts";
import { makeChannel } from "../server-core/testing/delivery_service.ts";
import { startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { random, seedDevices, sha256, type TestDevice } from "../server-core/testing/seed.ts";
import { publicHost, type ReverseProxy, startCaddy, startNginx } from "./testing/reverse_proxy.ts";

const secret = "a secret of 32 characters or more";
const rpcUrl = new URL(`https://${publicHost}/rpc`);
const starts = { nginx: startNginx, Caddy: startCaddy };

/**
 * fetch() of a page of https://chat.example.org, whose name leads to the proxy.
 *
 * @param origin what the browser says of the page
 */
function pageFetch({ port, caPem }: ReverseProxy, origin = `https://${publicHost}`): typeof fetch {
  return (input, { method, headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const asked = request({
        host: "127.0.0.1",
        port,
        servername: publicHost,
        ca: caPem,
        path: new URL(String(input)).pathname,
        method,
        headers: { ...Object.fromEntries(new Headers(headers)), host: publicHost, origin },
      }, (answer) => {
        const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>;
        const fields = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
        resolve(new Response(stream, { status: answer.statusCode, headers: fields }));
      });
      asked.on("error", reject);
      signal?.addEventListener("abort", () => asked.destroy(), { once: true });
      // Deno 2.9.6 never ends one large write over TLS.
      Readable.from(slices(body as Uint8Array)).pipe(asked);
    });
}

function* slices(bytes: Uint8Array, length = 16_384): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

/** @param origin what the browser says of the page */
function connect(proxy: ReverseProxy, origin?: string): HttpsConnection {
  return new HttpsConnection(rpcUrl, pageFetch(proxy, origin), false);
}

interface World {
  proxy: ReverseProxy;
  devices: TestDevice[];
  events: { level: string; event: string; fields?: object }[];
}

/** @param settings of the gateway, besides those that every gateway needs */
async function behind(
  which: keyof typeof starts,
  settings: Record<string, string>,
  run: (world: World) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    await Deno.mkdir(`${folder}/core`);
    const devices = seedDevices(`${folder}/core`, 2);
    const core = await startProcess(`${folder}/core`, { QPQ_GATEWAY_SECRET: secret });
    const env: Record<string, string> = {
      QPQ_HTTP_PORT: "0",
      QPQ_WT_PORT: "0",
      QPQ_DATA: `${folder}/gateway`,
      QPQ_WEB_ROOT: `${folder}/web`,
      QPQ_CORE_ADDR: `127.0.0.1:${core.address.port}`,
      QPQ_CORE_PIN: toHex(core.pin),
      QPQ_GATEWAY_SECRET: secret,
      ...settings,
    };
    const events: World["events"] = [];
    const log = logTo((level, event, fields) => void events.push({ level, event, fields }));
    const gateway = await startGateway(readConfig((key) => env[key], Deno.readTextFileSync), { log, now: Date.now });
    try {
      await gateway.whenCoreReady();
      await using proxy = await starts[which](gateway.httpPort);
      await run({ proxy, devices, events });
    } finally {
      await gateway.close(0);
      core.kill("SIGTERM");
      await core.status;
    }
  });
}

const documentedSettings = { QPQ_PUBLIC_HOST: publicHost, QPQ_TRUST_PROXY: "127.0.0.1" };
const options = { sanitizeOps: false, sanitizeResources: false };

for (const which of ["nginx", "Caddy"] as const) {
  Deno.test(
    `SERVERS 11: behind ${which} a subscription gets its messages and heartbeats at once`,
    options,
    () =>
      behind(which, documentedSettings, async ({ proxy, devices, events }) => {
        const [ann, bob] = devices;
        const connection = connect(proxy);
        const as = ({ auth }: TestDevice) => new RpcClient(() => connection.openStream(), () => auth);
        const channelId = await makeChannel(as, devices);
        const { recipientKey } = bob;
        const heard = as(bob).stream(delivery.subscribe, { recipientKey, after: 0 })[Symbol.asyncIterator]();
        const next = async () => (await heard.next()).value!.entries as { kind: number; body: Uint8Array }[];
        const late = new Promise<never>((_resolve, reject) => setTimeout(reject, 40_000, new Error("nothing came")));
        const within = <T>(work: Promise<T>) => Promise.race([work, late]);
        while ((await within(next())).length > 0);
        for (let round = 0; round < 3; round++) {
          const body = random(40);
          await as(ann).call(delivery.enqueue, { recipientKey, channelId, messageId: random(16), body });
          const [entry] = await within(next());
          assert.deepEqual([entry.kind, entry.body], [EntryKind.DIRECT, body]);
        }
        assert.deepEqual(await within(next()), [], "a heartbeat");
        connection.close();
        late.catch(() => {});
        assert.deepEqual(events.filter(({ level }) => level === "warn" || level === "error"), []);
      }),
  );

  Deno.test(
    `SERVERS 11: behind ${which} large calls pass, and an origin that is not named is told why`,
    options,
    () =>
      behind(which, documentedSettings, async ({ proxy, devices, events }) => {
        const connection = connect(proxy);
        const client = new RpcClient(() => connection.openStream(), () => devices[0].auth);
        const blob = new Uint8Array(5_000_000).fill(random(1)[0]);
        await client.call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
        let length = 0;
        for await (const { bytes } of client.stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 })) {
          length += bytes.length;
        }
        assert.equal(length, blob.length);
        const foreign = pageFetch(proxy, `https://${publicHost}:8443`);
        const refused = await foreign(rpcUrl, { method: "POST", body: new Uint8Array(10) });
        assert.equal(refused.status, 403);
        assert.match(await refused.text(), /https:\/\/chat\.example\.org .*\n.*QPQ_PUBLIC_HOST.*QPQ_ORIGINS/);
        assert.ok(events.some(({ event }) => event === "foreign-origin"));
        connection.close();
      }),
  );
}

Deno.test(
  "SERVERS 11: QPQ_ORIGINS names an origin whose port is another",
  options,
  () =>
    behind("nginx", { QPQ_ORIGINS: `https://${publicHost}:8443` }, async ({ proxy, devices }) => {
      const connection = connect(proxy, `https://${publicHost}:8443`);
      const client = new RpcClient(() => connection.openStream(), () => devices[0].auth);
      assert.equal((await client.call(delivery.health, {})).draining, false);
      connection.close();
    }),
);
