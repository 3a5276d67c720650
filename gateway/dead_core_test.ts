/** Cores that are killed, hang, or are cut off. QUIC's idle time is a minute here: only the pulse can notice them. */
import assert from "node:assert/strict";
import { UdpRelay } from "../client/testing/udp_relay.ts";
import { certificatePin } from "../schema/certificate_pin.ts";
import { logTo } from "../server-common/testing/log.ts";
import { Metrics } from "./metrics.ts";
import { type CoreProcess, startCoreProcess } from "./testing/core_process.ts";
import { makeKeyPair, startStubCore, stubSecret } from "./testing/stub_core.ts";
import { until } from "../schema/testing/until.ts";
import { UpstreamPool, type UpstreamPoolOptions, type UpstreamStream } from "./upstream.ts";

const client: Deno.NetAddr = { transport: "udp", hostname: "203.0.113.7", port: 40_000 };
const idleMs = 60_000;

function quicTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

async function poolFor(core: Pick<CoreProcess, "port" | "keyPair">, overrides: Partial<UpstreamPoolOptions> = {}) {
  const events: string[] = [];
  const pool = new UpstreamPool({
    core: { hostname: "127.0.0.1", port: core.port },
    trust: { serverName: "localhost", pin: await certificatePin(core.keyPair.certificate) },
    secret: stubSecret,
    connections: 2,
    metrics: new Metrics(),
    log: logTo((_level, event) => void events.push(event)),
    openTimeoutMs: 15_000,
    silenceMs: idleMs,
    ...overrides,
  });
  return { pool, events };
}

const textOf = async ({ readable, release }: UpstreamStream) => {
  const text = await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  release();
  return text;
};

async function write({ writable }: UpstreamStream, text: string): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

async function echo(pool: UpstreamPool, text: string): Promise<string> {
  const stream = await pool.open(client);
  await write(stream, text);
  await stream.writable.close();
  return await textOf(stream);
}

/** Waits until the core has answered on both connections: the pulse judges no connection before. */
async function settle(pool: UpstreamPool): Promise<void> {
  await until(() => pool.readyConnections === 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
}

quicTest("PEOPLE B4: a killed core is noticed; calls wait for the next one, and those on the old one end", async () => {
  const first = await startCoreProcess();
  const { pool, events } = await poolFor(first);
  await settle(pool);
  const inFlight = await pool.open(client);
  await write(inFlight, "half");
  await first.kill();
  await until(() => pool.readyConnections === 0, "the killed core was not noticed");
  const waiting = echo(pool, "hello");
  const second = await startCoreProcess(first.port, first.keyPair);
  assert.equal(await waiting, "hello");
  // Not before the core answers anew: it could be busy.
  const ended = await textOf(inFlight).then(() => "ended", () => "ended");
  assert.equal(ended, "ended");
  await until(() => events.filter((event) => event === "core-connection-lost").length === 2);
  await until(() => pool.readyConnections === 2);
  pool.close();
  await second.kill();
});

quicTest("PEOPLE B4: a core that hangs keeps its calls, and new ones wait", async () => {
  const core = await startCoreProcess();
  const { pool, events } = await poolFor(core);
  await settle(pool);
  const inFlight = await pool.open(client);
  await write(inFlight, "before, ");
  core.hang();
  await until(() => pool.readyConnections === 0, "the halted core was not noticed");
  const waiting = echo(pool, "new");
  core.goOn();
  assert.equal(await waiting, "new");
  await write(inFlight, "after");
  await inFlight.writable.close();
  assert.equal(await textOf(inFlight), "before, after");
  await until(() => pool.readyConnections >= 2);
  assert.ok(events.includes("core-silent") && events.includes("core-answers-again"));
  assert.ok(!events.includes("core-connection-lost"));
  pool.close();
  await core.kill();
});

quicTest("PEOPLE B4: a core whose machine is gone is noticed, and found again at the same address", async () => {
  const first = await startCoreProcess();
  const relay = await UdpRelay.open(first.port);
  const { pool } = await poolFor({ port: relay.port, keyPair: first.keyPair });
  await settle(pool);
  relay.isDark = true;
  await first.kill();
  await until(() => pool.readyConnections === 0, "the core that is gone was not noticed");
  const waiting = echo(pool, "hello");
  const second = await startCoreProcess(first.port, first.keyPair);
  relay.isDark = false;
  assert.equal(await waiting, "hello");
  pool.close();
  await second.kill();
  relay.close();
});

quicTest("PEOPLE B4: a core of before, which sends no datagram back, is not taken for silent", async () => {
  const core = await startStubCore({ answersPulse: false });
  const { pool, events } = await poolFor(core);
  await settle(pool);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(pool.readyConnections, 2);
  assert.equal(await echo(pool, "hello"), "hello");
  assert.ok(!events.includes("core-silent"));
  pool.close();
  core.close();
});

quicTest("PEOPLE B4: a core that is away gets the attempts of one connection, however many are missing", async () => {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const seen = new Set<string>();
  const counting = (async () => {
    // The source connection id of an Initial packet names the attempt (RFC 9000 §17.2).
    for await (const [packet] of silent) {
      const at = 6 + packet[5];
      seen.add(packet.subarray(at + 1, at + 1 + packet[at]).toString());
    }
  })();
  const { port } = silent.addr as Deno.NetAddr;
  const { pool } = await poolFor({ port, keyPair: await makeKeyPair() }, { connections: 16 });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.ok(seen.size >= 2 && seen.size <= 40, `${seen.size} attempts in 3 s`);
  pool.close();
  silent.close();
  await counting;
});
