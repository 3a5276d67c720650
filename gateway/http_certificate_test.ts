/** HTTPS with PEM files that are renewed while the gateway runs. */
import assert from "node:assert/strict";
import { openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { makeKeyPair } from "./testing/stub_core.ts";
import { startTestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";

Deno.test({
  name: "with PEM files the port speaks HTTPS, and serves a renewed file without a restart",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async () => {
      const pair = await makeKeyPair();
      await Deno.writeTextFile(paths.certificatePath, pair.certificate);
      await Deno.writeTextFile(paths.privateKeyPath, pair.privateKey);
      return pair.certificate;
    };
    const first = await write();
    await using test = await startTestGateway({ config: { tls: paths, httpTls: true } });
    const read = async (caCert: string) => {
      using client = Deno.createHttpClient({ caCerts: [caCert] });
      const init: RequestInit & { client: Deno.HttpClient } = { client };
      return await (await fetch(`https://localhost:${test.gateway.httpPort}/.well-known/quicproquo.json`, init)).json();
    };
    assert.deepEqual((await read(first)).webtransport, {
      url: `https://localhost:${test.gateway.webTransportPort}/wt`,
    });
    await test.gateway.whenCoreReady();
    const open = (certificate: string) =>
      openSession({
        port: test.gateway.webTransportPort,
        certificate,
        origin: `https://localhost:${test.gateway.httpPort}`,
      });
    const echo = async (session: Awaited<ReturnType<typeof open>>, byte: number) => {
      const stream = await session.openStream();
      const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(byte))]);
      return echoed[0];
    };
    const old = await open(first);
    assert.equal(await echo(old, 1), 1);
    // No signal is sent: the gateway notices the changed files itself.
    const second = await write();
    await until(() => test.events.some(({ event }) => event === "certificate-replaced"));
    assert.equal((await read(second)).wireVersion, 1);
    await assert.rejects(read(first));
    assert.equal(await echo(old, 2), 2, "the session that was open goes on");
    assert.equal(await echo(await open(second), 3), 3, "a new one sees the new certificate");
    await assert.rejects(open(first));
    await Deno.writeTextFile(paths.privateKeyPath, "no key");
    await test.gateway.refreshCertificate();
    assert.equal((await read(second)).wireVersion, 1);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "SERVERS 10: a new pair that can not be served is refused with a log line, and the old one stays",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async (certificate: string, privateKey: string) => {
      await Deno.writeTextFile(paths.certificatePath, certificate);
      await Deno.writeTextFile(paths.privateKeyPath, privateKey);
    };
    const [first, second] = [await makeKeyPair(), await makeKeyPair()];
    await write(first.certificate, first.privateKey);
    await using test = await startTestGateway({ config: { tls: paths, httpTls: true } });
    await test.gateway.whenCoreReady();
    const origin = `https://localhost:${test.gateway.httpPort}`;
    const serves = async ({ certificate }: { certificate: string }) => {
      using client = Deno.createHttpClient({ caCerts: [certificate] });
      const init: RequestInit & { client: Deno.HttpClient } = { client };
      await (await fetch(`${origin}/.well-known/quicproquo.json`, init)).body?.cancel();
      const { conn } = await openSession({ port: test.gateway.webTransportPort, certificate, origin });
      conn.close();
    };
    await serves(first);
    const damaged = first.certificate.replace(/\n[^\n]{64}\n/, "\n");
    const bad = [
      ["", second.privateKey],
      ["no certificate", second.privateKey],
      [damaged, first.privateKey],
      [second.certificate, first.privateKey],
      [second.certificate, ""],
      [second.certificate, second.privateKey.slice(0, 80)],
      [second.certificate + damaged, second.privateKey],
    ];
    for (const [certificate, privateKey] of bad) {
      await write(certificate, privateKey);
      const before = test.events.length;
      await test.gateway.refreshCertificate();
      const refused = test.events.slice(before).find(({ event }) => event === "certificate-not-replaced");
      assert.equal(refused?.level, "error");
      assert.match(String(refused?.fields?.error), /^Error: the /);
      await serves(first);
    }
    await write(second.certificate, second.privateKey);
    await test.gateway.refreshCertificate();
    await serves(second);
    await assert.rejects(serves(first));
    await Deno.remove(folder, { recursive: true });
  },
});

/** A core whose calls, like a subscription, send a piece whenever the test asks, until the test ends them. */
function tickingCore() {
  let next = Promise.withResolvers<string>();
  return {
    tick(text: string): void {
      const { resolve } = next;
      next = Promise.withResolvers();
      resolve(text);
    },
    async onCall(
      { readable, writable }: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
    ): Promise<void> {
      await readable.pipeTo(new WritableStream());
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode("begun"));
      for (let text = await next.promise; text !== "end"; text = await next.promise) {
        await writer.write(new TextEncoder().encode(text));
      }
      await writer.close();
    },
  };
}

Deno.test({
  name: "subscriptions over /rpc and WebTransport outlive a change of the certificate",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async () => {
      const pair = await makeKeyPair();
      await Deno.writeTextFile(paths.certificatePath, pair.certificate);
      await Deno.writeTextFile(paths.privateKeyPath, pair.privateKey);
      return pair.certificate;
    };
    const first = await write();
    const core = tickingCore();
    await using test = await startTestGateway({ config: { tls: paths, httpTls: true }, core: { onCall: core.onCall } });
    await test.gateway.whenCoreReady();
    const origin = `https://localhost:${test.gateway.httpPort}`;
    const decoder = new TextDecoder();
    const subscribe = async (caCert: string) => {
      const client = Deno.createHttpClient({ caCerts: [caCert] });
      const init: RequestInit & { client: Deno.HttpClient } = {
        client,
        method: "POST",
        body: "call",
        headers: { origin },
      };
      const response = await fetch(`${origin}/rpc`, init).catch((error) => {
        client.close();
        throw error;
      });
      return { reader: response.body!.getReader(), close: () => client.close() };
    };
    const session = await openSession({ port: test.gateway.webTransportPort, certificate: first, origin });
    const overHttps = await subscribe(first);
    const stream = await session.openStream();
    await writeAll(stream.writable, Uint8Array.of(1));
    const readers = [overHttps.reader, stream.readable.getReader()];
    const heard = async () =>
      await Promise.all(readers.map(async (reader) => decoder.decode((await reader.read()).value)));
    assert.deepEqual(await heard(), ["begun", "begun"]);
    core.tick("before");
    assert.deepEqual(await heard(), ["before", "before"]);

    const second = await write();
    await until(() => test.events.some(({ event }) => event === "certificate-replaced"));
    for (const text of ["after", "and after"]) {
      core.tick(text);
      assert.deepEqual(await heard(), [text, text]);
    }
    await assert.rejects(subscribe(first));
    const fresh = await subscribe(second);
    assert.equal(decoder.decode((await fresh.reader.read()).value), "begun");
    core.tick("end");
    for (const reader of [...readers, fresh.reader]) assert.equal((await reader.read()).done, true);
    for (const { close } of [overHttps, fresh]) close();
    await Deno.remove(folder, { recursive: true });
  },
});
