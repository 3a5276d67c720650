/** A connection in a backlog of its address: what it is counted for, and what it has while it waits. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { AddressUsage } from "../../server-common/address_usage.ts";
import { LoopTurns } from "../../server-common/loop_turns.ts";
import { concat, webTransportFields } from "../testing/http3_client.ts";
import { until } from "../../schema/testing/until.ts";
import { type ConnectionPolicy, Http3Connection } from "./connection.ts";
import { encodeFrame, frameType } from "./frames.ts";
import { encodeFieldSection } from "./qpack.ts";
import { encodeVarint } from "./varint.ts";

const address = "192.0.2.1";
const never = new Promise<never>(() => {});
const noTurns = { next: () => never } as unknown as LoopTurns;
const connect = encodeFrame(frameType.headers, encodeFieldSection(webTransportFields("/wt", "https://page.example")));
const streamOfSession = concat(encodeVarint(0x41), encodeVarint(0));

/** A peer that has opened streams, each with what came on it. */
function makeConn(streams: Uint8Array[]) {
  const closed = Promise.withResolvers<Deno.QuicCloseInfo>();
  const incoming = Promise.withResolvers<void>();
  const conn = {
    reason: undefined as string | undefined,
    remoteAddr: { hostname: address },
    closed: closed.promise,
    incomingUnidirectionalStreams: new ReadableStream(),
    incomingBidirectionalStreams: (async function* () {
      for (const [index, bytes] of streams.entries()) {
        const readable = new ReadableStream({
          type: "bytes",
          start: (controller) => void (bytes.length > 0 && controller.enqueue(bytes.slice())),
        });
        yield { readable: Object.assign(readable, { id: 4 * index }), writable: new WritableStream() };
      }
      await incoming.promise;
    })(),
    createUnidirectionalStream: () => Promise.resolve(new WritableStream()),
    readDatagram: () => never,
    close({ closeCode, reason }: { closeCode: number; reason: string }) {
      conn.reason ??= reason;
      closed.resolve({ closeCode, reason });
      incoming.resolve();
    },
  };
  return conn;
}

function serve(conn: ReturnType<typeof makeConn>, policy: Partial<ConnectionPolicy>) {
  const all = { take: () => true, give: () => {} };
  const connection = new Http3Connection(conn as unknown as Deno.QuicConn, {
    authorize: () => ({ status: 200 }),
    loopTurns: { accepts: new LoopTurns(), pieces: new LoopTurns() },
    heldPlaces: { streams: { take: () => () => {} }, pieces: all, backedUp: all },
    waiting: all,
    crowded: () => {},
    onSession: () => () => {},
    connectTimeoutMs: 60_000,
    ...policy,
  });
  const over = connection.run();
  return { connection, over };
}

Deno.test("SERVERS 3: streams are counted before what came on others of their address is passed on", async () => {
  const pieces = new LoopTurns();
  for (let index = 0; index < 1_000; index++) void pieces.next(address);
  const conn = makeConn(Array.from({ length: 50 }, () => streamOfSession));
  const places = new AddressUsage(30);
  let waiting = 0;
  let refused = 0;
  const { connection, over } = serve(conn, {
    loopTurns: { accepts: new LoopTurns(8), pieces },
    waiting: { take: (of) => places.take(of) && ++waiting > 0, give: () => {} },
    crowded: () => void refused++,
  });
  await until(() => waiting + refused === 50);
  assert.deepEqual([waiting, refused, connection.openStreams], [30, 20, 30]);
  conn.close({ closeCode: 0, reason: "" });
  await over;
});

Deno.test("SERVERS 3: streams that wait for their turn count no more when their connection ends", async () => {
  const places = new AddressUsage(1_000);
  let waiting = 0;
  const conn = makeConn(Array.from({ length: 50 }, () => connect));
  const { over } = serve(conn, {
    waiting: {
      take: (of) => places.take(of) && ++waiting > 0,
      give: (of) => void (places.give(of), waiting--),
    },
    turn: () => never,
  });
  await until(() => waiting === 50);
  conn.close({ closeCode: 0, reason: "" });
  await over;
  await until(() => waiting === 0);
});

Deno.test("SERVERS 6: a connection is not late whose CONNECT and headers wait for the server's own turns", async () => {
  const backlog = { accepts: new LoopTurns(80), pieces: noTurns };
  const cameInTime = makeConn(Array.from({ length: 70 }, () => connect));
  const silent = makeConn(Array.from({ length: 70 }, () => new Uint8Array()));
  const timing = { connectTimeoutMs: 100 };
  const served = [cameInTime, silent].map((conn) => serve(conn, { ...timing, loopTurns: backlog }));
  await until(() => silent.reason !== undefined);
  // The checks of all connections come together.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(cameInTime.reason, undefined);
  cameInTime.close({ closeCode: 0, reason: "" });
  await Promise.all(served.map(({ over }) => over));
});

Deno.test("SERVERS 6: a CONNECT that waits for the turn of its address is not late", async () => {
  const turn = Promise.withResolvers<void>();
  const [waiting, empty] = [makeConn([connect]), makeConn([])];
  const served = [waiting, empty].map((conn) => serve(conn, { connectTimeoutMs: 100, turn: () => turn.promise }));
  await until(() => empty.reason !== undefined);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(waiting.reason, undefined);
  turn.resolve();
  for (let index = 0; index < 5; index++) await new Promise((resolve) => setImmediate(resolve));
  waiting.close({ closeCode: 0, reason: "" });
  await Promise.all(served.map(({ over }) => over));
});

Deno.test("SERVERS 6: a stream that comes before its connection has a session is held as one of those", async () => {
  const owners: boolean[] = [];
  const all = { take: () => true, give: () => {} };
  const streams = {
    take: ({ hasSession }: { hasSession: boolean }) => {
      owners.push(hasSession);
      return () => {};
    },
  };
  const conn = makeConn([streamOfSession, connect, streamOfSession]);
  const { over } = serve(conn, { heldPlaces: { streams, pieces: all, backedUp: all } });
  await until(() => owners.length === 2);
  assert.deepEqual(owners, [false, true]);
  conn.close({ closeCode: 0, reason: "" });
  await over;
});
