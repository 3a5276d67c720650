/** The pool against a stub core over real QUIC. */
import assert from "node:assert/strict";
import { logTo } from "../server-common/testing/log.ts";
import { certificatePin } from "../schema/certificate_pin.ts";
import { Metrics } from "./metrics.ts";
import { makeSelfSignedCertificate } from "../server-common/self_signed_certificate.ts";
import { startCoreProcess } from "./testing/core_process.ts";
import { type CoreCall, startStubCore, type StubCore, stubSecret } from "./testing/stub_core.ts";
import { until } from "../schema/testing/until.ts";
import { abandon, busyFactor, CoreUnavailableError, UpstreamPool, type UpstreamPoolOptions } from "./upstream.ts";

const client: Deno.NetAddr = { transport: "udp", hostname: "203.0.113.7", port: 40_000 };

function poolFor(core: Pick<StubCore, "port" | "pin">, overrides: Partial<UpstreamPoolOptions> = {}) {
  const events: string[] = [];
  const pool = new UpstreamPool({
    core: { hostname: "127.0.0.1", port: core.port },
    trust: { serverName: "localhost", pin: core.pin },
    secret: stubSecret,
    connections: 2,
    metrics: new Metrics(),
    log: logTo((_level, event) => void events.push(event)),
    openTimeoutMs: 500,
    maxBackoffMs: 100,
    silenceMs: 5_000,
    ...overrides,
  });
  return { pool, events };
}

function quicTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

async function echoOnce(pool: UpstreamPool, from = client): Promise<string> {
  const stream = await pool.open(from);
  const writer = stream.writable.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  await writer.close();
  const text = await new Response(stream.readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  stream.release();
  return text;
}

quicTest(
  "UpstreamPool is admitted by pin on each connection and writes the client's address before each call",
  async () => {
    const clients: CoreCall["client"][] = [];
    const core = await startStubCore({
      onCall: async ({ client: from, readable, writable }) => {
        clients.push(from);
        await readable.pipeTo(writable);
      },
    });
    const { pool } = poolFor(core);
    await until(() => pool.readyConnections === 2);
    // A slow machine makes attempts that are not needed.
    assert.ok(core.admitted >= 2);
    assert.equal(await echoOnce(pool), "hello");
    assert.equal(await echoOnce(pool, { transport: "udp", hostname: "2001:db8::5", port: 1 }), "hello");
    assert.deepEqual(clients, [{ address: "203.0.113.7", port: 40_000 }, { address: "2001:db8:0:0:0:0:0:5", port: 1 }]);
    pool.close();
    core.close();
  },
);

quicTest("UpstreamPool takes a pinned core certificate of ten years", async () => {
  const now = Date.now();
  const keyPair = await makeSelfSignedCertificate({
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 3_650 * 86_400_000),
    commonName: "localhost",
    dnsNames: ["localhost"],
    ipAddresses: [],
  });
  const core = await startStubCore({ keyPair });
  const { pool } = poolFor(core);
  await pool.whenReady();
  pool.close();
  core.close();
});

quicTest("UpstreamPool verifies the core by an authority's PEM and refuses another certificate", async () => {
  const core = await startStubCore();
  const other = await startStubCore();
  const trust = (from: StubCore) => ({ serverName: "localhost", pin: from.pin, caPem: from.keyPair.certificate });
  const { pool } = poolFor(core, { trust: trust(core) });
  await pool.whenReady();
  assert.equal(await echoOnce(pool), "hello");
  for (
    const wrong of [{ trust: trust(other) }, { trust: { serverName: "localhost", pin: other.pin } }, {
      trust: { ...trust(core), serverName: "elsewhere" },
    }]
  ) {
    const { pool: refused } = poolFor(core, wrong);
    await assert.rejects(refused.open(client), CoreUnavailableError);
    refused.close();
  }
  pool.close();
  core.close();
  other.close();
});

quicTest(
  "UpstreamPool is not admitted with a wrong secret or pin, and serves no call",
  async () => {
    const core = await startStubCore();
    const wrongSecret = poolFor(core, { secret: new TextEncoder().encode("another secret, which is as long") });
    const wrongPin = poolFor(core, {
      trust: { serverName: "localhost", caPem: core.keyPair.certificate, pin: new Uint8Array(32) },
    });
    for (const { pool, events } of [wrongSecret, wrongPin]) {
      await assert.rejects(pool.open(client), CoreUnavailableError);
      assert.ok(events.includes("core-unreachable"));
      pool.close();
    }
    assert.equal(core.admitted, 0);
    assert.ok(core.refused >= 2);
    core.close();
  },
);

quicTest("UpstreamPool carries 1,000 calls at once over one connection", async () => {
  const core = await startStubCore();
  const { pool } = poolFor(core, { connections: 1, openTimeoutMs: 10_000 });
  await pool.whenReady();
  const streams = await Promise.all(Array.from({ length: 1_000 }, () => pool.open(client)));
  const texts = await Promise.all(streams.map(async (stream, index) => {
    const writer = stream.writable.getWriter();
    await writer.write(new TextEncoder().encode(String(index)));
    await writer.close();
    return await new Response(stream.readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  }));
  assert.deepEqual(texts, Array.from({ length: 1_000 }, (_, index) => String(index)));
  pool.close();
  core.close();
});

quicTest(
  "UpstreamPool lets a call wait while the core restarts, and refuses it after openTimeoutMs",
  async () => {
    const first = await startCoreProcess();
    const { keyPair, port } = first;
    const core = { port, pin: await certificatePin(keyPair.certificate) };
    const { pool } = poolFor(core, { openTimeoutMs: 10_000, silenceMs: 600 });
    await until(() => pool.readyConnections === 2);
    await first.kill();
    await until(() => pool.readyConnections === 0);
    const waiting = echoOnce(pool);
    const second = await startCoreProcess(port, keyPair);
    assert.equal(await waiting, "hello");
    await until(() => pool.readyConnections === 2);
    await second.kill();
    pool.close();

    const { pool: lonely } = poolFor(core, { openTimeoutMs: 200 });
    const { pool: patient } = poolFor(core, { openTimeoutMs: 5_000 });
    const waitsLonger = patient.open(client).catch(() => "patient");
    const refused = assert.rejects(lonely.open(client), CoreUnavailableError).then(() => "lonely");
    assert.equal(await Promise.race([refused, waitsLonger]), "lonely");
    lonely.close();
    patient.close();
  },
);

quicTest("SERVERS 6: UpstreamPool opens more connections while calls fill them, and closes them again", async () => {
  const core = await startStubCore();
  const { pool, events } = poolFor(core, { connections: 1, callsPerConnection: 10, openTimeoutMs: 10_000 });
  await pool.whenReady();
  assert.equal(pool.places, 10);
  const few = await Promise.all(Array.from({ length: 2 }, () => pool.open(client)));
  const more = await Promise.all(Array.from({ length: 6 }, () => pool.open(client)));
  await until(() => pool.readyConnections === 2);
  const many = await Promise.all(Array.from({ length: 80 }, () => pool.open(client)));
  await until(() => pool.readyConnections === busyFactor, "and no more than so many");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(pool.places, 10 * busyFactor);
  assert.equal(await echoOnce(pool), "hello");
  for (const stream of [...more, ...many]) abandon(stream);
  await until(() => pool.readyConnections === 1 && core.open === 1, "those that are not needed are closed");
  for (const stream of few) abandon(stream);
  assert.equal(await echoOnce(pool), "hello");
  assert.ok(!events.includes("core-connection-lost"));
  pool.close();
  core.close();
});
