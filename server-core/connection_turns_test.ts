/** What has arrived on a connection is served in turns of the event loop, beside what others do. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { admissionMac, encodeClientAddress, gatewayHello } from "../schema/gateway_admission.ts";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { until } from "../schema/testing/until.ts";
import { AddressPlaces } from "../server-common/address_places.ts";
import { AddressUsage } from "../server-common/address_usage.ts";
import { makeLog } from "../server-common/log.ts";
import { LoopTurns } from "../server-common/loop_turns.ts";
import { CoreConnection, type Origin } from "./connection.ts";
import { Metrics } from "./metrics.ts";

const pieces = 3;

/** A stream on which everything has arrived. @param begin what comes before its pieces */
function arrived(begin?: Uint8Array<ArrayBuffer>): ByteStream {
  let left = pieces;
  const readable = new ReadableStream({
    type: "bytes",
    start: (controller) => begin && controller.enqueue(begin),
    pull(controller) {
      if (left-- > 0) return controller.enqueue(Uint8Array.of(0));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  return { readable, writable: new WritableStream() };
}

/** A connection of an address on which `streams` streams have arrived, until `closed`. */
function quicConn(hostname: string, streams: number | ByteStream[], closed: Promise<void>): Deno.QuicConn {
  const incomingBidirectionalStreams = ReadableStream.from(
    typeof streams === "number" ? Array.from({ length: streams }, () => arrived()) : streams,
  );
  return { remoteAddr: { hostname }, closed, incomingBidirectionalStreams, close() {} } as unknown as Deno.QuicConn;
}

function options(turns: LoopTurns, serve: (stream: ByteStream, address: string) => Promise<void>) {
  return {
    admission: { pin: new Uint8Array(32), timeoutMs: 10_000 },
    turn: () => 0,
    waiting: new AddressUsage(128),
    turns: { accepts: new LoopTurns(), clients: turns, gateways: new LoopTurns() },
    halfSent: new AddressPlaces({ total: 2_048, perAddress: 256 }),
    onOffence() {},
    serve: (stream: ByteStream, { remoteAddress }: { remoteAddress: string }) => serve(stream, remoteAddress),
    log: makeLog("error"),
    metrics: new Metrics(),
  };
}

/** Lets no piece through before `open`. */
class ClosedTurns extends LoopTurns {
  readonly #open = Promise.withResolvers<void>();
  waiting = 0;

  override async next(): Promise<void> {
    this.waiting++;
    await this.#open.promise;
    this.waiting--;
  }

  open(): void {
    this.#open.resolve();
  }
}

/** A gateway's first stream, on which it proves that it has the secret. */
function admission(secret: Uint8Array<ArrayBuffer>, pin: Uint8Array<ArrayBuffer>): ByteStream {
  const nonce = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const sends = [() => gatewayHello, async () => await admissionMac(secret, await nonce.promise, pin)];
  const readable = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const next = sends.shift();
      if (next) return controller.enqueue(Uint8Array.from(await next()));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  return { readable, writable: new WritableStream({ write: (bytes) => nonce.resolve(Uint8Array.from(bytes)) }) };
}

const from = { isClientWelcome: true, onGateway() {}, onCall() {} };

const loopTurn = () => new Promise((resolve) => setImmediate(resolve));

Deno.test("SERVERS 10: calls that have arrived together are read one piece in a turn of the loop", async () => {
  let turn = 0;
  const readAt: number[] = [];
  const settings = options(new LoopTurns(), async ({ readable }) => {
    for await (const _ of readable) readAt.push(turn);
  });
  const closed = Promise.withResolvers<void>();
  const run = new CoreConnection(quicConn("192.0.2.1", 20, closed.promise), settings, from).run();
  for (; readAt.length < 20 * pieces && turn < 1_000; turn++) await loopTurn();
  closed.resolve();
  await run;
  const most = Math.max(...readAt.map((at) => readAt.filter((other) => other === at).length));
  assert.equal(readAt.length, 20 * pieces);
  // The first stream waits for no turn: it shows who has come.
  assert.ok(most <= 2 + pieces, `${most} pieces in one turn of the event loop`);
});

Deno.test("SERVERS 10: the calls of an address are served between those of another that has sent many", async () => {
  const served: string[] = [];
  const settings = options(
    new LoopTurns(),
    (_, address) => Promise.resolve(void served.push(address)),
  );
  const closed = Promise.withResolvers<void>();
  const connectionOf = (address: string, streams: number) =>
    new CoreConnection(quicConn(address, streams, closed.promise), settings, from).run();
  const runs = [...Array.from({ length: 8 }, () => connectionOf("192.0.2.1", 10)), connectionOf("192.0.2.2", 1)];
  await until(() => served.length >= 81);
  closed.resolve();
  await Promise.all(runs);
  assert.equal(served.length, 81);
  assert.ok(served.indexOf("192.0.2.2") <= 8, `${served.indexOf("192.0.2.2")} calls before it`);
});

Deno.test("SERVERS 3: streams are taken up and counted while pieces of their address wait for turns", async () => {
  const turns = new ClosedTurns();
  const settings = options(turns, async ({ readable }) => {
    for await (const _ of readable);
  });
  const closed = Promise.withResolvers<void>();
  const connection = new CoreConnection(quicConn("192.0.2.1", 20, closed.promise), settings, from);
  const run = connection.run();
  await until(() => turns.waiting >= 19);
  assert.equal(turns.waiting, 19, "all but the first, which shows who has come");
  assert.equal(connection.unread, 19);
  turns.open();
  closed.resolve();
  await run;
});

Deno.test("SERVERS 2: what has waited for its turn is told, and is not its sender's time", async () => {
  const turns = new ClosedTurns();
  const told: number[] = [];
  const settings = {
    ...options(turns, () => Promise.resolve()),
    serve: async ({ readable }: ByteStream, { heldMs }: Origin) => {
      for await (const _ of readable);
      told.push(heldMs!());
    },
  };
  const closed = Promise.withResolvers<void>();
  const run = new CoreConnection(quicConn("192.0.2.1", 2, closed.promise), settings, from).run();
  await until(() => turns.waiting >= 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  turns.open();
  await until(() => told.length >= 2);
  closed.resolve();
  await run;
  assert.equal(told[0], 0, "the first stream waits for no turn");
  assert.ok(told[1] >= 15, `${told[1]} ms`);
});

Deno.test("SERVERS 6: a gateway is admitted, and its calls begin, while pieces of others wait", async () => {
  const [clients, gateways] = [new ClosedTurns(), new ClosedTurns()];
  const begun: string[] = [];
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const pin = new Uint8Array(32);
  const settings = {
    ...options(clients, async ({ readable }, address) => {
      begun.push(address);
      for await (const _ of readable);
    }),
    admission: { secret, pin, timeoutMs: 10_000 },
    turns: { accepts: new ClosedTurns(), clients, gateways },
  };
  const closed = Promise.withResolvers<void>();
  const browsers = ["203.0.113.1", "203.0.113.2"];
  const calls = browsers.map((address) => arrived(Uint8Array.from(encodeClientAddress({ address, port: 443 }))));
  const admitted = Promise.withResolvers<void>();
  const streams = ReadableStream.from((async function* () {
    yield admission(secret, pin);
    await admitted.promise;
    yield* calls;
  })());
  const conn = { ...quicConn("192.0.2.1", [], closed.promise), incomingBidirectionalStreams: streams };
  const run = new CoreConnection(conn as unknown as Deno.QuicConn, settings, {
    ...from,
    onGateway: () => admitted.resolve(),
  }).run();
  await until(() => gateways.waiting >= 2);
  assert.deepEqual(begun, browsers);
  assert.equal(gateways.waiting, 2, "their pieces wait among those of browsers");
  gateways.open();
  closed.resolve();
  await run;
});
