/** WebTransport through the whole gateway to a stub core. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { UdpRelay } from "../client/testing/udp_relay.ts";
import { StreamLimit } from "../client/connection/stream_limit.ts";
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../schema/rpc/server.ts";
import { type ClientSession, openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { startCoreProcess } from "./testing/core_process.ts";
import { type CoreCall } from "./testing/stub_core.ts";
import { startTestGateway, type TestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";
import { sessionAbusedCode } from "./sessions.ts";

function quicTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

async function certificateOf(test: TestGateway): Promise<string> {
  const [current] = JSON.parse(await Deno.readTextFile(`${test.config.dataDir}/webtransport-certificates.json`));
  return current.certificate;
}

async function connect(test: TestGateway, overrides: { path?: string; origin?: string } = {}): Promise<ClientSession> {
  return await openSession({
    port: test.gateway.webTransportPort,
    certificate: await certificateOf(test),
    origin: test.origin,
    ...overrides,
  });
}

async function echo(session: ClientSession, bytes: Uint8Array): Promise<Uint8Array> {
  const stream = await session.openStream();
  const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, bytes)]);
  return echoed;
}

quicTest("the gateway splices bytes and half-close, and tells the core the client's address", async () => {
  const clients: CoreCall["client"][] = [];
  await using test = await startTestGateway({
    core: {
      onCall: async ({ client, readable, writable }) => {
        clients.push(client);
        // Answers after the call's FIN.
        const call = await readAll(readable);
        await writeAll(writable, call);
      },
    },
  });
  await test.gateway.whenCoreReady();
  const session = await connect(test);
  assert.equal(session.status, 200);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const bodies = [new Uint8Array(0), bytes.subarray(0, 1), bytes, new Uint8Array(3_000_000).fill(3)];
  for (const body of bodies) assert.deepEqual(await echo(session, body), body);
  assert.deepEqual(clients[0], { address: "127.0.0.1", port: clients[0].port });
  assert.ok(clients[0].port > 0);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
  assert.equal(test.gateway.metrics.get("qpq_gateway_bytes_to_core_total"), 3_060_001);
  assert.equal(test.gateway.metrics.get("qpq_gateway_bytes_from_core_total"), 3_060_001);
  session.conn.close();
});

quicTest("the gateway answers only its own origins, path and number of sessions", async () => {
  await using test = await startTestGateway({ limits: { sessionsPerAddress: 2 } });
  assert.equal((await connect(test, { origin: "https://evil.example" })).status, 403);
  assert.equal((await connect(test, { origin: undefined })).status, 403);
  assert.equal((await connect(test, { path: "/" })).status, 404);
  const sessions = [
    await connect(test, { path: "/wt?x=1" }),
    await connect(test, { origin: `http://localhost:${test.gateway.httpPort}` }),
  ];
  assert.deepEqual(sessions.map(({ status }) => status), [200, 200]);
  assert.equal((await connect(test)).status, 429);
  await sessions[0].close(0, "");
  await until(() => test.gateway.metrics.get("qpq_gateway_sessions") === 1);
  assert.equal((await connect(test)).status, 200);
});

quicTest(
  "the gateway answers E005 to a call above callsPerSession or callsPerAddress, and serves others",
  async () => {
    await using test = await startTestGateway({ limits: { callsPerSession: 2, callsPerAddress: 3 } });
    await test.gateway.whenCoreReady();
    const first = await connect(test);
    const second = await connect(test);
    const holding = [await first.openStream(), await first.openStream()];
    for (const stream of holding) {
      const writer = stream.writable.getWriter();
      await writer.write(Uint8Array.of(1));
      await stream.readable.getReader().read();
      writer.releaseLock();
    }
    const refused = { code: ErrorCode.rateLimited, retryAfterMs: 1000 };
    await assert.rejects(new RpcClient(() => first.openStream()).call(delivery.health, {}), refused);
    const third = await second.openStream();
    await third.writable.getWriter().write(Uint8Array.of(1));
    await third.readable.getReader().read();
    await assert.rejects(new RpcClient(() => second.openStream()).call(delivery.health, {}), refused);
    assert.equal(test.gateway.metrics.get("qpq_gateway_calls_refused_total"), 2);
    await holding[0].writable.close();
    await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 2);
    assert.equal((await echo(first, Uint8Array.of(5)))[0], 5);
  },
);

quicTest("the gateway ends a call above bytesPerCall, with E011 where nothing was answered yet", async () => {
  await using test = await startTestGateway({ limits: { bytesPerCall: 100_000 } });
  const { promise: silence, resolve: end } = Promise.withResolvers<void>();
  await using silent = await startTestGateway({ limits: { bytesPerCall: 100_000 }, core: { onCall: () => silence } });
  await Promise.all([test, silent].map(({ gateway }) => gateway.whenCoreReady()));
  const blob = new Uint8Array(200_000);
  const call = new RpcClient(async () => await (await connect(silent)).openStream()).call(
    delivery.putBlob,
    { sha256: new Uint8Array(32), length: blob.length },
    {},
    blob,
  );
  await assert.rejects(call, { code: ErrorCode.payloadTooLarge });
  end();
  const session = await connect(test);
  const stream = await session.openStream();
  readAll(stream.readable).catch(() => {});
  await assert.rejects(async () => {
    const writer = stream.writable.getWriter();
    while (true) await writer.write(new Uint8Array(10_000));
  }, /stopped by peer/);
  assert.equal((await echo(session, new Uint8Array(100_000))).length, 100_000);
});

quicTest("a client that goes away ends its calls at the core", async () => {
  const outcomes: string[] = [];
  await using test = await startTestGateway({
    core: {
      onCall: async ({ readable, writable }) => {
        await readAll(readable);
        const writer = writable.getWriter();
        try {
          while (true) {
            await writer.write(new Uint8Array(100));
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        } catch {
          outcomes.push("ended");
        }
      },
    },
  });
  await test.gateway.whenCoreReady();
  const session = await connect(test);
  const cancelled = await session.openStream();
  await cancelled.writable.close();
  const reader = cancelled.readable.getReader();
  await reader.read();
  await reader.cancel();
  await until(() => outcomes.length === 1, "cancelling one stream reaches the core");
  for (let index = 0; index < 2; index++) {
    const stream = await session.openStream();
    await stream.writable.close();
    await stream.readable.getReader().read();
  }
  session.conn.close();
  await until(() => outcomes.length === 3, "closing the connection reaches the core");
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
});

quicTest(
  "half-open calls are reset after halfOpenMs, finished ones are kept, and a session of many is closed",
  async () => {
    await using test = await startTestGateway({
      limits: { halfOpenMs: 200 },
      core: {
        onCall: async ({ readable, writable }) => {
          await readAll(readable);
          await new Promise((resolve) => setTimeout(resolve, 600));
          await writeAll(writable, Uint8Array.of(42));
        },
      },
    });
    await test.gateway.whenCoreReady();
    const session = await connect(test);
    const half = await session.openStream();
    // Writers stay referenced, because Deno sends FIN for a collected writer.
    const writers = [half.writable.getWriter()];
    await writers[0].write(Uint8Array.of(1));
    const [late, early] = await Promise.all([echo(session, Uint8Array.of(1)), readAll(half.readable)]);
    assert.deepEqual([late[0], early.length], [42, 0]);
    for (let index = 0; index < 15; index++) {
      const writer = (await session.openStream()).writable.getWriter();
      writers.push(writer);
      await writer.write(Uint8Array.of(1));
    }
    const capsule = await session.nextData();
    assert.equal(writers.length, 16);
    assert.deepEqual([...capsule!.subarray(3, 7)], [0, 0, 0, sessionAbusedCode]);
  },
);

quicTest(
  "calls are reset after about 2 s while the core is away, and the session survives its absence",
  async () => {
    const firstCore = await startCoreProcess();
    await using test = await startTestGateway({ connectTo: firstCore });
    await test.gateway.whenCoreReady();
    const session = await connect(test);
    assert.equal((await echo(session, Uint8Array.of(1)))[0], 1);
    await firstCore.kill();
    await until(() => test.gateway.readyConnections === 0);
    const startedAt = performance.now();
    const stream = await session.openStream();
    assert.equal((await readAll(stream.readable)).length, 0);
    const waitedMs = performance.now() - startedAt;
    assert.ok(waitedMs > 1_000 && waitedMs < 15_000, `reset after ${waitedMs} ms`);
    const secondCore = await startCoreProcess(firstCore.port, firstCore.keyPair);
    await test.gateway.whenCoreReady();
    assert.equal((await echo(session, Uint8Array.of(2)))[0], 2);
    await secondCore.kill();
  },
);

quicTest("the certificate changes under open sessions, and the next hash was published before", async () => {
  let now = Date.now() - 11.5 * 86_400_000;
  await using test = await startTestGateway({ now: () => now });
  await test.gateway.whenCoreReady();
  const hashes = async (): Promise<string[]> => {
    const { webtransport } = await (await fetch(`${test.origin}/.well-known/quicproquo.json`)).json();
    return webtransport.certificateHashes.map(({ value }: { value: string }) => value);
  };
  const hashOf = (pem: string) =>
    btoa(
      new X509Certificate(pem).fingerprint256.split(":").map((digits) => String.fromCharCode(parseInt(digits, 16)))
        .join(""),
    );
  const before = await hashes();
  const oldCertificate = await certificateOf(test);
  assert.equal(before[0], hashOf(oldCertificate));
  const old = await connect(test);
  now = Date.now();
  await test.gateway.refreshCertificate();
  const newCertificate = await certificateOf(test);
  assert.equal(before[1], hashOf(newCertificate));
  assert.equal((await hashes())[0], before[1]);
  assert.equal((await echo(old, Uint8Array.of(1)))[0], 1);
  const fresh = await connect(test);
  assert.equal((await echo(fresh, Uint8Array.of(3)))[0], 3);
  assert.equal((await echo(old, Uint8Array.of(2)))[0], 2);
});

quicTest("close() says goodbye to sessions", async () => {
  await using test = await startTestGateway();
  const session = await connect(test);
  const goodbye = session.nextData();
  await test.gateway.close();
  assert.equal(new TextDecoder().decode((await goodbye)?.subarray(-16)), "gateway shutdown");
});

quicTest("PEOPLE B0: a WebTransport connection works after 400 error answers of the core", async () => {
  const health = { serverTimeMs: 1, wireVersion: 1, draining: false, build: "", restoredMs: 0, restoredToMs: 0 };
  const handlers = new Handlers<void>()
    .unary(delivery.health, () => Promise.resolve(health))
    .unary(delivery.ack, () => Promise.reject(new WireError(ErrorCode.internal, "the disk is full")))
    .unary(delivery.putBlob, () => Promise.reject(new WireError(ErrorCode.queueFull, "full", 1000)));
  await using test = await startTestGateway({
    core: { onCall: (stream) => serveCall(stream, { handlers, authorize: () => {} }) },
  });
  await test.gateway.whenCoreReady();
  const session = await connect(test);
  const limit = new StreamLimit();
  const rpc = new RpcClient((signal) => limit.open(signal, () => session.openStream()));
  const recipientKey = new Uint8Array(32);
  const blob = new Uint8Array(100_000);
  const codes: unknown[] = [];
  const failing = (call: Promise<unknown>) =>
    call.then(() => codes.push("answered"), (error) => codes.push(error instanceof WireError ? error.code : error));
  for (let turn = 0; turn < 40; turn++) {
    await Promise.all([
      ...Array.from({ length: 9 }, () => failing(rpc.call(delivery.ack, { recipientKey, upTo: 1 }))),
      failing(rpc.call(delivery.putBlob, { sha256: recipientKey, length: blob.length }, {}, blob)),
    ]);
  }
  assert.equal(codes.filter((code) => code === ErrorCode.internal).length, 360);
  assert.equal(codes.filter((code) => code === ErrorCode.queueFull).length, 40);
  assert.deepEqual(await rpc.call(delivery.health, {}), health);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
  session.conn.close();
});

quicTest("PEOPLE B0: the gateway follows a browser to another address as soon as it sends a datagram", async () => {
  await using test = await startTestGateway({
    core: {
      onCall: async ({ writable }) => {
        const writer = writable.getWriter();
        while (true) {
          await writer.write(Uint8Array.of(1));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    },
  });
  await test.gateway.whenCoreReady();
  const relay = await UdpRelay.open(test.gateway.webTransportPort);
  const session = await openSession({
    port: relay.port,
    certificate: await certificateOf(test),
    origin: test.origin,
  });
  const { readable, writable } = await session.openStream();
  await writable.close();
  let heard = 0;
  void readable.pipeTo(new WritableStream({ write: (bytes) => void (heard += bytes.length) })).catch(() => {});
  await until(() => heard > 5);
  // While nothing is under way: no late acknowledgement of the client's may tell the new address.
  relay.isDark = true;
  await new Promise((resolve) => setTimeout(resolve, 500));
  relay.rebind();
  relay.isDark = false;
  const sending = setInterval(() => session.conn.sendDatagram(new Uint8Array(2)).catch(() => {}), 500);
  const before = heard;
  await until(() => heard > before + 20);
  clearInterval(sending);
  session.conn.close();
  relay.close();
});
