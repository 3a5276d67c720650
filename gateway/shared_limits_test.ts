/** One address beside others, through the whole gateway: places, memory, sessions. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { maxUnfinishedPerAddress } from "./call_places.ts";
import { type ClientSession, openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { startTestGateway, type TestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";

function quicTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** A session from an own address. */
async function sessionFrom(test: TestGateway, hostname: string): Promise<ClientSession> {
  const [{ certificate }] = JSON.parse(
    await Deno.readTextFile(`${test.config.dataDir}/webtransport-certificates.json`),
  );
  const endpoint = new Deno.QuicEndpoint({ hostname, port: 0 });
  return await openSession({ port: test.gateway.webTransportPort, certificate, origin: test.origin, endpoint });
}

const held: unknown[] = [];

/** Begins a call and does not finish it. */
async function halfCall(session: ClientSession): Promise<void> {
  const stream = await session.openStream();
  const writer = stream.writable.getWriter();
  held.push(stream, writer);
  writer.closed.catch(() => {});
  await writer.write(Uint8Array.of(1));
  readAll(stream.readable).catch(() => {});
}

async function echo(session: ClientSession): Promise<number> {
  const stream = await session.openStream();
  const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(7))]);
  return echoed[0];
}

/** A core that answers when a call is finished. */
const patientCore = {
  onCall: async (
    { readable, writable }: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
  ) => await writeAll(writable, await readAll(readable)),
};
const fast = { callsPerSecond: 1_000_000, handshakesPerAddress: 1_000 };

quicTest("SERVERS 10: of sessions that one address asks for at once, as many open as it may have", async () => {
  await using test = await startTestGateway({ limits: { sessionsPerAddress: 5 } });
  const sessions = await Promise.all(Array.from({ length: 23 }, () => sessionFrom(test, "127.0.0.1")));
  const opened = sessions.filter(({ status }) => status === 200);
  assert.equal(opened.length, 5);
  assert.equal(sessions.filter(({ status }) => status === 429).length, 18);
  for (const { conn } of opened) conn.close();
  await until(() => test.gateway.metrics.get("qpq_gateway_sessions") === 0);
  const again = await Promise.all(Array.from({ length: 6 }, () => sessionFrom(test, "127.0.0.1")));
  assert.equal(again.filter(({ status }) => status === 200).length, 5);
  for (const { conn } of [...sessions, ...again]) conn.close();
});

quicTest(
  "SERVERS 6: an address has so many half-sent calls, over all its sessions, and others are answered",
  async () => {
    await using test = await startTestGateway({ core: patientCore, limits: fast });
    await test.gateway.whenCoreReady();
    const sessions = [await sessionFrom(test, "127.0.2.1"), await sessionFrom(test, "127.0.2.1")];
    const other = await sessionFrom(test, "127.0.2.2");
    for (let index = 0; index < maxUnfinishedPerAddress; index++) void halfCall(sessions[index % 2]);
    const { metrics } = test.gateway;
    await until(() => metrics.get("qpq_gateway_calls") === maxUnfinishedPerAddress);
    const over = Array.from({ length: 40 }, (_, index) => halfCall(sessions[index % 2]));
    const get = metrics.get.bind(metrics);
    await until(() => get("qpq_gateway_calls_refused_total") + get("qpq_gateway_calls_displaced_total") >= 40);
    assert.ok(get("qpq_gateway_calls") <= maxUnfinishedPerAddress);
    assert.equal(await echo(other), 7);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(await echo(sessions[0]), 7, "a call that was silent for a second made room");
    assert.equal(over.length, 40);
    for (const { conn } of [...sessions, other]) conn.close();
  },
);

quicTest(
  "SERVERS 6: of the calls of a session that ends, some end in a turn of the event loop, and not all",
  async () => {
    const core = { onCall: () => new Promise<void>(() => {}) };
    await using test = await startTestGateway({ core, limits: fast });
    await test.gateway.whenCoreReady();
    const session = await sessionFrom(test, "127.0.2.1");
    const calls = 100;
    for (let index = 0; index < calls; index++) {
      const { readable, writable } = await session.openStream();
      readAll(readable).catch(() => {});
      await writeAll(writable, Uint8Array.of(1));
    }
    const underWay = () => test.gateway.metrics.get("qpq_gateway_calls");
    await until(() => underWay() === calls);
    let [before, most, turns] = [calls, 0, 0];
    const look = () => {
      most = Math.max(most, before - underWay());
      before = underWay();
      if (before < calls) turns++;
      if (before > 0) setImmediate(look);
    };
    look();
    session.conn.close();
    await until(() => underWay() === 0);
    assert.ok(most <= 2 * 8, `${most} in one turn`);
    assert.ok(turns < calls / 2, `${turns} turns for ${calls} calls`);
  },
);

quicTest("SERVERS 3: when memory is short the greediest is cut off, and who has few streams goes on", async () => {
  await using test = await startTestGateway({ core: patientCore, limits: { ...fast, memory: 1 } });
  await test.gateway.whenCoreReady();
  const modest = await sessionFrom(test, "127.0.2.2");
  const greedy = await sessionFrom(test, "127.0.2.1");
  const closed = greedy.conn.closed;
  void (async () => {
    for (let index = 0; index < 60; index++) void halfCall(greedy);
  })();
  assert.match((await closed).reason, /too many streams/);
  assert.equal(await echo(modest), 7);
  await until(() => test.gateway.metrics.get("qpq_gateway_memory_shed_total") === 1);
  assert.ok(test.events.some(({ level, event }) => level === "warn" && event === "memory-short"));
  modest.conn.close();
});

quicTest("SERVERS 3: sessions of a few addresses do not keep the next one out, and those with calls stay", async () => {
  await using test = await startTestGateway({ core: patientCore, limits: { ...fast, connections: 4 } });
  await test.gateway.whenCoreReady();
  const crowd: ClientSession[] = [];
  for (const address of ["127.0.2.2", "127.0.2.1", "127.0.2.1", "127.0.2.1"]) {
    crowd.push(await sessionFrom(test, address));
  }
  const [honest, busy, idle] = crowd;
  await Promise.all([halfCall(honest), halfCall(busy), halfCall(crowd[3])]);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 3);
  const next = await sessionFrom(test, "127.0.2.3");
  assert.equal(next.status, 200);
  assert.match((await idle.conn.closed).reason, /too many/);
  assert.equal(await echo(next), 7);
  assert.equal(await echo(honest), 7);
  assert.equal(await echo(busy), 7);
  await assert.rejects(sessionFrom(test, "127.0.2.1"), /handshake/);
  for (const { conn } of [...crowd, next]) conn.close();
});

Deno.test({
  name: "SERVERS 4: three hundred browsers behind one address have a call each under way over HTTPS",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const core = { onCall: () => new Promise<void>(() => {}) };
    await using test = await startTestGateway({ core, limits: { ...fast, rpcPerSecond: 1_000 } });
    await test.gateway.whenCoreReady();
    const call = `POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:${test.gateway.httpPort}\r\nOrigin: ${test.origin}\r\n` +
      "Content-Length: 1\r\n\r\nx";
    const browsers = await Promise.all(Array.from({ length: 300 }, async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: test.gateway.httpPort });
      await connection.write(new TextEncoder().encode(call));
      return connection;
    }));
    const answers = await Promise.all(browsers.map(async (connection) => {
      const bytes = new Uint8Array(1_000);
      const length = await connection.read(bytes).catch(() => null) ?? 0;
      return new TextDecoder().decode(bytes.subarray(0, length)).split("\r\n")[0];
    }));
    assert.equal(answers.filter((line) => line === "HTTP/1.1 200 OK").length, 300);
    assert.equal(test.gateway.metrics.get("qpq_gateway_calls"), 300);
    for (const connection of browsers) connection.close();
  },
});
