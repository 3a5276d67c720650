/** The server over real QUIC: what refused and waiting streams may hold. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import {
  type ClientSession,
  concat,
  connectHttp3,
  openSession,
  readAll,
  request,
  sendSettings,
  webTransportFields,
  writeAll,
} from "../testing/http3_client.ts";
import { keyPair, origin, quicTest, startServer } from "../testing/http3_server.ts";
import { until } from "../../schema/testing/until.ts";
import { encodeFrame, frameType } from "./frames.ts";
import { encodeFieldSection, type Field } from "./qpack.ts";
import { serveWebTransport } from "./server.ts";
import { encodeVarint } from "./varint.ts";

const get: Field[] = [[":method", "GET"], [":scheme", "https"], [":authority", "a"], [":path", "/"]];
/** More than a QUIC window of a stream, 1.25 MB. */
const tooMuch = 3_000_000;
const held: unknown[] = [];

/** Opens a stream and goes on writing to it. */
async function startWriting(conn: Deno.QuicConn, first: Uint8Array, bytes = tooMuch) {
  const stream = await conn.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  held.push(stream, writer);
  const writing = { written: 0, end: "" };
  writer.closed.catch(() => {});
  void (async () => {
    await writer.write(first);
    for (; writing.written < bytes; writing.written += 10_000) await writer.write(new Uint8Array(10_000));
  })().then(() => writing.end = "all taken", (error) => writing.end = String(error));
  return writing;
}

const requestBytes = (fields: readonly Field[]) => encodeFrame(frameType.headers, encodeFieldSection(fields));
const streamBytes = (sessionId: number) => concat(encodeVarint(0x41), encodeVarint(sessionId));

for (
  const [what, first] of [
    ["a request that is no CONNECT", () => requestBytes(get)],
    ["a refused CONNECT", () => requestBytes(webTransportFields("/wt", "https://elsewhere.example"))],
    ["a second CONNECT", () => requestBytes(webTransportFields("/wt", origin))],
    ["a stream of an unknown session", () => streamBytes(400)],
  ] as [string, () => Uint8Array][]
) {
  const item = what.includes("unknown") ? "" : "SERVERS 3: ";
  quicTest(`${item}${what} is told to stop sending when it is refused`, async () => {
    await using fixture = startServer();
    const session = await openSession(fixture.options);
    const conn = what === "a refused CONNECT" ? await connectHttp3(fixture.options) : session.conn;
    if (conn !== session.conn) await sendSettings(conn);
    const writing = await startWriting(conn, first());
    await until(() => writing.end !== "", "the stream's window was filled, and nobody told its sender to stop");
    assert.match(writing.end, /stopped by peer/);
    conn.close();
  });
}

quicTest("SERVERS 3: of an address's streams that wait for their turn, few fill their window", async () => {
  const { promise: turn, resolve: itIsTime } = Promise.withResolvers<void>();
  let turns = 0;
  await using fixture = startServer({ turn: () => ++turns > 1 ? turn : Promise.resolve() });
  const sessions: ClientSession[] = [await openSession(fixture.options)];
  const { conn, sessionId } = sessions[0];
  const writings = await Promise.all(Array.from({ length: 40 }, () => startWriting(conn, streamBytes(sessionId))));
  const stopped = () => writings.filter(({ end }) => /stopped by peer/.test(end));
  // Under load one of them may not hear of it.
  await until(() => stopped().length >= 23, "24 of 40 are to be stopped");
  const small = await Promise.all(Array.from({ length: 20 }, async () => {
    const stream = await sessions[0].openStream();
    await writeAll(stream.writable, new Uint8Array(1_000));
    return stream;
  }));
  const filled = writings.filter(({ end }) => end === "").length;
  assert.ok(filled === 16 || filled === 17, `${filled} wait, by QUIC's flow control`);
  itIsTime();
  await Promise.all(small.map(async ({ readable }) => assert.equal((await readAll(readable)).length, 1_000)));
  conn.close();
});

quicTest("SERVERS 3: when too many streams of an address wait, its fullest connection is closed", async () => {
  let isTime = true;
  await using fixture = startServer({ turn: () => isTime ? Promise.resolve() : new Promise(() => {}) });
  const sessions: ClientSession[] = [];
  for (let index = 0; index < 9; index++) sessions.push(await openSession(fixture.options));
  isTime = false;
  let closed = 0;
  for (const { conn } of sessions) conn.closed.then(({ reason }) => closed += /too many streams/.test(reason) ? 1 : 0);
  for (const session of sessions) {
    await Promise.all(Array.from({ length: 120 }, async () => {
      const stream = await session.openStream().catch(() => undefined);
      held.push(stream);
    }));
  }
  await until(() => closed > 0, "9 times 120 streams wait");
  assert.ok(closed < 9, `${closed} connections were closed`);
});

quicTest("what waits is given to its call whole and in order", async () => {
  const { promise: turn, resolve: itIsTime } = Promise.withResolvers<void>();
  let turns = 0;
  await using fixture = startServer({ turn: () => ++turns > 1 ? turn : Promise.resolve() });
  const session = await openSession(fixture.options);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const body = concat(...Array.from({ length: 8 }, () => bytes));
  const stream = await session.openStream();
  const echoed = readAll(stream.readable);
  const written = writeAll(stream.writable, body);
  await new Promise((resolve) => setTimeout(resolve, 200));
  itIsTime();
  await written;
  assert.deepEqual(await echoed, body);
  session.conn.close();
});

quicTest("SERVERS 6: of the streams that wait when their connection ends none becomes a call", async () => {
  const { promise: turn, resolve: itIsTime } = Promise.withResolvers<void>();
  let turns = 0;
  await using fixture = startServer({ turn: () => ++turns > 1 ? turn : Promise.resolve() });
  const session = await openSession(fixture.options);
  for (let index = 0; index < 20; index++) {
    held.push(await startWriting(session.conn, streamBytes(session.sessionId), 1));
  }
  await until(() => turns > 1, "no stream came");
  session.conn.close();
  await until(() => fixture.server.connections === 0);
  itIsTime();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual([fixture.streams.length, turns], [0, 2]);
});

quicTest(
  "SERVERS 6: of streams that one address opens at once, few are begun in a turn of the event loop",
  async () => {
    const streams = 120;
    let loopTurn = 0;
    let isOver = false;
    const count = () => void (loopTurn++, isOver || setImmediate(count));
    const begunIn: number[] = [];
    await using fixture = startServer({}, () => begunIn.push(loopTurn));
    const session = await openSession(fixture.options);
    count();
    await Promise.all(Array.from({ length: streams }, async () => {
      const stream = await session.openStream();
      held.push(stream);
      await writeAll(stream.writable, Uint8Array.of(1));
    }));
    await until(() => begunIn.length === streams);
    isOver = true;
    const most = Math.max(...[...new Set(begunIn)].map((turn) => begunIn.filter((other) => other === turn).length));
    assert.ok(most <= 2 * 8, `${most} in one turn`);
    session.conn.close();
  },
);

quicTest("SERVERS 3: a connection has 144 streams, and 64 unidirectional ones in its life", async () => {
  await using fixture = startServer({}, () => {});
  const session = await openSession(fixture.options);
  let opened = 1;
  for (let index = 0; index < 200; index++) {
    const stream = await session.conn.createBidirectionalStream().catch(() => undefined);
    held.push(stream);
    if (stream) opened++;
  }
  assert.equal(opened, 144);
  const closed = session.conn.closed;
  let unidirectional = 1;
  void (async () => {
    for (; unidirectional < 1_000; unidirectional++) {
      const writer = (await session.conn.createUnidirectionalStream({ waitUntilAvailable: true })).getWriter();
      await writer.write(encodeVarint(0x21));
      await writer.close();
    }
  })().catch(() => {});
  assert.equal(Number((await closed).closeCode), 0x107);
  assert.ok(unidirectional < 100, `${unidirectional} were opened`);
});

quicTest(
  "SERVERS 3: one address does not take all places for handshakes, and its half-open ones end soon",
  async () => {
    const server = serveWebTransport({
      hostname: "127.0.0.1",
      port: 0,
      certificate: keyPair.certificate,
      privateKey: keyPair.privateKey,
      maxPendingHandshakes: 30,
      maxPendingHandshakesPerAddress: 20,
      connectTimeoutMs: 2_000,
      authorize: () => ({ status: 404 }),
      onSession: () => () => {},
    });
    // A relay that passes first packets to the server and no answers back.
    const relay = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const out = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    (async () => {
      for await (const [datagram] of relay) {
        await out.send(datagram, { transport: "udp", hostname: "127.0.0.1", port: server.port });
      }
    })().catch(() => {});
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    const attempt = () =>
      void Deno.connectQuic<false>({
        endpoint,
        hostname: "127.0.0.1",
        port: (relay.addr as Deno.NetAddr).port,
        serverName: "localhost",
        caCerts: [keyPair.certificate],
        alpnProtocols: ["h3"],
      }).catch(() => {});
    for (let index = 0; index < 60; index++) attempt();
    await until(() => server.pendingHandshakes >= 20);
    const other = new Deno.QuicEndpoint({ hostname: "127.0.0.2", port: 0 });
    const honest = await connectHttp3({ port: server.port, certificate: keyPair.certificate, endpoint: other });
    await sendSettings(honest);
    assert.equal((await request(honest, get)).status, 404);
    assert.ok(server.pendingHandshakes <= 20);
    endpoint.close();
    relay.close();
    await until(() => server.pendingHandshakes === 0);
    out.close();
    other.close();
    await server.close();
  },
);

quicTest("a session that does not open gives back what its admission took", async () => {
  const counts = { taken: 0, opened: 0, givenBack: 0 };
  await using fixture = startServer({
    authorize: () => {
      counts.taken++;
      return { status: 200, giveBack: () => void counts.givenBack++ };
    },
    onSession: () => {
      counts.opened++;
      return () => {};
    },
  });
  for (let index = 0; index < 20; index++) {
    const conn = await connectHttp3(fixture.options);
    await sendSettings(conn);
    const writer = (await conn.createBidirectionalStream()).writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(requestBytes(webTransportFields("/wt", origin)));
    if (index % 2) await new Promise((resolve) => setTimeout(resolve, 2));
    conn.close();
  }
  await until(() => fixture.server.connections === 0);
  assert.equal(counts.opened + counts.givenBack, counts.taken);
});
