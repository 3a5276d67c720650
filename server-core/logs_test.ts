/**
 * Checks the logs of core and gateway at each level, after real traffic with successes, refusals and faults.
 * They contain no content, keys or tokens, and addresses at level debug only.
 */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../schema/bytes.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { noAuth } from "../schema/rpc/calls_and_returns.ts";
import { authentication, delivery } from "../schema/rpc/methods.ts";
import { openSession } from "../gateway/testing/http3_client.ts";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";
import { makeChannel, outcome, publishTo } from "./testing/delivery_service.ts";
import { withTempDir } from "./testing/quic.ts";
import { messageBytes } from "./opaque/message_bytes.ts";
import { startLogin } from "./opaque/testing/opaque_client.ts";
import { random, seedDevices, sha256 } from "./testing/seed.ts";
import { opaqueSuite } from "../schema/signed_call.ts";
import { until } from "../schema/testing/until.ts";

/** Each form in which bytes could occur in a line. */
function formsOf(bytes: Uint8Array): string[] {
  const base64 = btoa(String.fromCharCode(...bytes));
  return [
    toHex(bytes),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    [...bytes].join(","),
    String.fromCharCode(...bytes),
  ];
}

Deno.test({
  name: "logs hold no content, key, token, password or name, and addresses at level debug only",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (folder) => {
      await Deno.mkdir(`${folder}/core`);
      const dbKey = "the passphrase of the database";
      const authToken = "the operator's token, 32 characters or more";
      const devices = seedDevices(`${folder}/core`, 2, { key: dbKey });
      const lines: string[] = [];
      const log = (line: string) => void lines.push(line);
      const core = await startCore(folder, {
        QPQ_LISTEN: "127.0.0.1:0",
        QPQ_LOG: "debug",
        QPQ_DB_KEY: dbKey,
        QPQ_AUTH_TOKEN: authToken,
      }, { log });
      const ports = { tcp: await freeTcpPort(), udp: await freeUdpPort() };
      const gateway = await startGateway(folder, core.ready.addr, {
        QPQ_HTTP_PORT: String(ports.tcp),
        QPQ_WT_PORT: String(ports.udp),
        QPQ_LOG: "debug",
      }, { log });
      const gatewaySecret = (await Deno.readTextFile(`${folder}/gateway-secret`)).trim();
      const secrets: Record<string, string[]> = {
        dbKey: [dbKey],
        authToken: [authToken],
        gatewaySecret: [gatewaySecret, ...formsOf(fromHex(gatewaySecret))],
      };
      const [ann, bob] = devices;
      for (const device of devices) {
        for (
          const name of ["accessToken", "recipientKey", "accountKey", "deviceId", "sessionId"] as const
        ) secrets[`${name} of ${devices.indexOf(device)}`] = formsOf(device[name]);
      }
      try {
        const [{ certificate }] = JSON.parse(
          await Deno.readTextFile(`${folder}/gateway/webtransport-certificates.json`),
        );
        const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.5.5", port: 0 });
        const session = await openSession({
          port: ports.udp,
          certificate,
          origin: `http://127.0.0.1:${ports.tcp}`,
          endpoint,
        });
        const as = (device?: typeof ann) => new RpcClient(() => session.openStream(), () => device?.auth ?? noAuth);
        const channelId = await makeChannel(as, [ann, bob]);
        const { envelope } = await publishTo(as(ann), channelId, 1);
        Object.assign(secrets, { channelId: formsOf(channelId), envelope: formsOf(envelope.slice(0, 32)) });
        // A failed sign-in, with a username and a password that must not be logged.
        Object.assign(secrets, { username: ["nosuchuser"], password: ["a password that nobody has"] });
        const login = await startLogin("a password that nobody has", "nosuchuser");
        const { loginId } = await as().call(authentication.loginStart, {
          suite: opaqueSuite,
          username: "nosuchuser",
          ke1: login.ke1,
        });
        assert.equal(
          await outcome(
            as().call(authentication.loginFinish, {
              loginId,
              ke3: random(messageBytes.ke3),
              recipientKey: random(32),
              deviceSignature: random(64),
            }),
          ),
          "E008",
        );
        // Refusals of other kinds, garbage, and an error of the server itself.
        assert.equal(await outcome(as(bob).call(delivery.channelState, { channelId: random(32) })), "E016");
        assert.equal(
          await outcome(
            new RpcClient(() => session.openStream(), () => ({ ...ann.auth, deviceId: random(16) })).call(
              delivery.channelState,
              {
                channelId,
              },
            ),
          ),
          "E001",
        );
        const { readable, writable } = await session.openStream();
        const writer = writable.getWriter();
        await writer.write(random(300));
        await writer.close();
        for await (const _ of readable);
        await fetch(`http://127.0.0.1:${ports.tcp}/rpc`, { method: "POST", body: "x" }).then((response) =>
          response.body?.cancel()
        );
        await Deno.remove(`${folder}/core/blobs`, { recursive: true });
        const blob = random(5000);
        secrets.blob = formsOf(sha256(blob));
        const error = await as(ann).call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob)
          .catch((error) => error);
        assert.equal(error.code, 50);
        const [, id] = /^internal error, ([0-9a-f]{16}) in the server's log$/.exec(error.reason)!;
        await until(() => lines.some((line) => line.includes(id)));
        const entries = lines.map((line) => JSON.parse(line));
        assert.deepEqual(entries.filter((entry) => entry.id === id).map(({ level, method }) => [level, method]), [[
          "error",
          "putBlob",
        ]]);
        session.conn.close();
      } finally {
        await stopService(gateway);
        await stopService(core);
      }
      const levels = lines.map((line) => JSON.parse(line).level);
      for (const level of ["debug", "info", "error"]) assert.ok(levels.includes(level), `no line of level ${level}`);
      for (const [name, forms] of Object.entries(secrets)) {
        for (const line of lines) assert.ok(!forms.some((form) => line.includes(form)), `${name} is in: ${line}`);
      }
      for (const line of lines.filter((_, index) => levels[index] !== "debug")) {
        assert.ok(!line.includes("127.0.5.5"), line);
      }
    }),
});
