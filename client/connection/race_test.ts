/** Which way is chosen, remembered and left again, with transports and a clock that the test moves. */
import assert from "node:assert/strict";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { Handlers } from "../../schema/rpc/server.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { openingTo, streamPair } from "../testing/call_server.ts";
import { attemptMs, blockedForMs, BrowserTransport, firstRetryMs, headStartMs } from "./browser_transport.ts";
import type { Clock } from "../runtime/clock.ts";
import { lastCallMs, quietMs } from "./fallback_connection.ts";
import { VolatileNetworkMemory } from "./network_memory.ts";
import type { Connection } from "./transport.ts";
import { heldUpMs, probeMs, waitingMs, watchEveryMs } from "./webtransport/watched_connection.ts";
import type { WebTransportClass } from "./webtransport/webtransport.ts";

class FakeClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass, running what falls due in order, and what follows from it before the next. */
  async pass(forMs: number): Promise<void> {
    const endMs = this.#now + forMs;
    await settle();
    while (true) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.atMs;
      next.run();
      await settle();
    }
    this.#now = endMs;
    await settle();
  }
}

/** Everything that needs no time happens. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

const served = () =>
  openingTo(
    new Handlers<undefined>()
      .unary(
        delivery.health,
        () =>
          Promise.resolve({
            serverTimeMs: 1,
            wireVersion: 1,
            draining: false,
            build: "",
            restoredMs: 0,
            restoredToMs: 0,
          }),
      )
      .unary(delivery.putBlob, async (_params, { chunks }) => {
        for await (const _ of chunks());
        return { expiresMs: 1 };
      })
      .stream(delivery.subscribe, async function* (_params, { signal }) {
        yield { entries: [] };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }),
    () => undefined,
  );

/** A stream whose writes hang from then on. */
function takingUntil(isStarved: () => boolean, { readable, writable }: ByteStream): ByteStream {
  const writer = writable.getWriter();
  const sink = new WritableStream<Uint8Array>({
    write: (bytes) => isStarved() ? new Promise<void>(() => {}) : writer.write(bytes),
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
  return { readable, writable: sink };
}

/** What a WebTransport of the test does: connects, fails or says nothing; later its streams may fall silent. */
class World {
  readonly clock = new FakeClock();
  readonly memory = new VolatileNetworkMemory();
  behaviour: "connects" | "fails" | "hangs" = "connects";
  isSilent = false;
  /** what a session does once its flow control is used up, which is never refilled */
  starved: "opens no stream" | "takes no write" | undefined;
  network = "home";
  attempts = 0;
  sessions: { ready: () => void; end: () => void; closed: boolean }[] = [];
  httpsOpen = 0;
  readonly transport: BrowserTransport;

  constructor() {
    // deno-lint-ignore no-this-alias -- the classes below have a `this` of their own
    const world = this;
    class FakeWebTransport {
      readonly ready: Promise<void>;
      readonly closed: Promise<unknown>;
      readonly #session: World["sessions"][number];
      constructor() {
        world.attempts++;
        const ready = Promise.withResolvers<void>();
        const closed = Promise.withResolvers<unknown>();
        this.ready = ready.promise;
        this.closed = closed.promise;
        this.#session = { ready: ready.resolve, end: () => closed.resolve({ reason: "gone" }), closed: false };
        world.sessions.push(this.#session);
        if (world.behaviour === "connects") ready.resolve();
        if (world.behaviour === "fails") ready.reject(new Error("refused"));
      }
      close() {
        this.#session.closed = true;
        this.#session.end();
      }
      createBidirectionalStream() {
        if (world.starved === "opens no stream") return new Promise(() => {});
        return world.isSilent
          ? Promise.resolve(streamPair()[0])
          : served()().then((stream) => takingUntil(() => world.starved === "takes no write", stream));
      }
    }
    this.transport = new BrowserTransport("https://chat.example", {
      WebTransport: FakeWebTransport as unknown as WebTransportClass,
      clock: this.clock,
      memory: this.memory,
      network: () => this.network,
      fetchConfig: () =>
        Promise.resolve({ webtransport: { url: "https://chat.example:4433/wt", certificateHashes: [] }, rpc: "/rpc" }),
      connectHttps: () => this.#https(),
    });
  }

  #https(): Connection {
    this.httpsOpen++;
    const closed = Promise.withResolvers<{ reason: string }>();
    const open = served();
    return {
      transport: "HTTPS",
      openStream: (signal) => open(signal),
      closed: closed.promise,
      close: () => {
        this.httpsOpen--;
        closed.resolve({ reason: "closed" });
      },
    };
  }

  /** Connects, and says how long that took by the test's clock. */
  async connect(): Promise<{ connection: Connection; tookMs: number }> {
    const startMs = this.clock.now();
    let connection: Connection | undefined;
    void this.transport.connect(new AbortController().signal).then((made) => connection = made);
    await settle();
    while (!connection) await this.clock.pass(250);
    return { connection, tookMs: this.clock.now() - startMs };
  }
}

const call = (connection: Connection) =>
  new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {});
const isOver = async (connection: Connection) =>
  await Promise.race([connection.closed.then(({ reason }) => reason), settle().then(() => undefined)]);

Deno.test("WebTransport that connects fast is chosen at once, and nothing is tried beside it", async () => {
  const world = new World();
  const { connection, tookMs } = await world.connect();
  assert.deepEqual([connection.transport, tookMs, world.httpsOpen], ["WebTransport", 0, 0]);
  await call(connection);
  connection.close();
  assert.equal(world.clock.pending, 0);
});

Deno.test("WebTransport that hangs is left for HTTPS within 3 s, and not waited for the next time in that network", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const first = await world.connect();
  assert.equal(first.connection.transport, "HTTPS");
  assert.ok(first.tookMs >= headStartMs && first.tookMs <= 3_000, `${first.tookMs} ms`);
  await call(first.connection);
  first.connection.close();
  await settle();
  const second = await world.connect();
  assert.deepEqual([second.connection.transport, second.tookMs], ["HTTPS", 0]);
  second.connection.close();
  world.network = "office";
  assert.ok((await world.connect()).tookMs >= headStartMs, "another network is raced anew");
  world.network = "home";
  await world.clock.pass(blockedForMs);
  world.behaviour = "connects";
  const third = await world.connect();
  assert.equal(third.connection.transport, "WebTransport", "the verdict ends");
  third.connection.close();
});

Deno.test("WebTransport that fails at once gives way to HTTPS at once", async () => {
  const world = new World();
  world.behaviour = "fails";
  const { connection, tookMs } = await world.connect();
  assert.deepEqual([connection.transport, tookMs], ["HTTPS", 0]);
  connection.close();
  await settle();
  assert.deepEqual([world.clock.pending, world.httpsOpen], [0, 0]);
});

Deno.test("WebTransport that connects after HTTPS was chosen takes over: calls under way end first, the next connection is the one that came up", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const { connection } = await world.connect();
  const listening = new RpcClient((signal) => connection.openStream(signal)).stream(delivery.subscribe, {
    recipientKey: new Uint8Array(32),
    after: 0,
  });
  assert.deepEqual((await listening.next()).value, { entries: [] });
  world.sessions[0].ready();
  await world.clock.pass(quietMs - 500);
  assert.equal(await isOver(connection), undefined, "a call that may still get its answer is not cut off");
  await call(connection);
  const cutOff = assert.rejects(listening.next(), TransportError);
  await world.clock.pass(lastCallMs);
  assert.equal(await isOver(connection), "WebTransport works again");
  void cutOff.catch(() => {});
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs, world.attempts], ["WebTransport", 0, 1]);
  await call(next.connection);
  assert.equal(await world.memory.load("home"), undefined);
  next.connection.close();
  await world.clock.pass(0);
  assert.equal(world.clock.pending, 0);
});

Deno.test("WebTransport is tried again in the background with growing pauses, and taken when it works", async () => {
  const world = new World();
  world.behaviour = "fails";
  const { connection } = await world.connect();
  await world.clock.pass(firstRetryMs);
  assert.equal(world.attempts, 2);
  await world.clock.pass(2 * firstRetryMs - 1);
  assert.equal(world.attempts, 2);
  world.behaviour = "connects";
  await world.clock.pass(1);
  assert.equal(world.attempts, 3);
  await world.clock.pass(quietMs);
  assert.equal(await isOver(connection), "WebTransport works again");
  const next = await world.connect();
  assert.equal(next.connection.transport, "WebTransport");
  next.connection.close();
});

Deno.test("WebTransport that connects but carries no call is not taken", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const { connection } = await world.connect();
  world.isSilent = true;
  world.sessions[0].ready();
  await world.clock.pass(attemptMs);
  assert.equal(await isOver(connection), undefined);
  assert.ok(world.sessions[0].closed);
  connection.close();
});

Deno.test("WebTransport that stalls in the middle of a session is left for HTTPS and not tried again for a day", async () => {
  const world = new World();
  const { connection } = await world.connect();
  await call(connection);
  world.isSilent = true;
  const stuck = call(connection);
  stuck.catch(() => {});
  await world.clock.pass(waitingMs + watchEveryMs + probeMs);
  assert.ok(await isOver(connection));
  assert.ok(world.sessions[0].closed);
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs], ["HTTPS", 0]);
  await world.clock.pass(blockedForMs);
  assert.equal(world.attempts, 1);
  next.connection.close();
});

Deno.test("WebTransport that opens no stream any more is left for HTTPS: calls that wait for one fail at once, and are made again there", async () => {
  const world = new World();
  const { connection } = await world.connect();
  const listening = new RpcClient((signal) => connection.openStream(signal)).stream(delivery.subscribe, {
    recipientKey: new Uint8Array(32),
    after: 0,
  });
  await listening.next();
  world.starved = "opens no stream";
  const stuck = assert.rejects(call(connection), TransportError);
  await world.clock.pass(waitingMs + watchEveryMs + probeMs);
  await stuck;
  assert.ok(await isOver(connection));
  assert.equal((await world.memory.load("home"))?.reason, "stalled");
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs], ["HTTPS", 0]);
  await call(next.connection);
  next.connection.close();
  void listening.next().catch(() => {});
});

Deno.test("a call that gives up while WebTransport opens no stream for it ends by itself", async () => {
  const world = new World();
  const { connection } = await world.connect();
  world.starved = "opens no stream";
  const given = new AbortController();
  const stuck = new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {}, {
    signal: given.signal,
  });
  await settle();
  given.abort(new Error("enough"));
  await assert.rejects(stuck, TransportError);
  connection.close();
});

Deno.test("WebTransport that takes no more of an upload is left for HTTPS although its other streams work", async () => {
  const world = new World();
  const { connection } = await world.connect();
  const upload = async (over: Connection) =>
    await new RpcClient((signal) => over.openStream(signal)).call(
      delivery.putBlob,
      { sha256: new Uint8Array(32), length: 300_000 },
      {},
      new Uint8Array(300_000),
    );
  world.starved = "takes no write";
  const stuck = upload(connection);
  stuck.catch(() => {});
  await settle();
  world.starved = undefined;
  for (let atMs = 0; atMs < heldUpMs - watchEveryMs; atMs += watchEveryMs) {
    await call(connection);
    await world.clock.pass(watchEveryMs);
  }
  assert.equal(await isOver(connection), undefined, "a slow upload is no stall");
  await world.clock.pass(2 * watchEveryMs);
  assert.ok(await isOver(connection));
  const next = await world.connect();
  assert.equal(next.connection.transport, "HTTPS");
  await upload(next.connection);
  next.connection.close();
});

Deno.test("a slow call is no stall as long as the server answers others", async () => {
  const world = new World();
  const { connection } = await world.connect();
  const [slow] = await Promise.all([connection.openStream(), call(connection)]);
  await world.clock.pass(4 * waitingMs);
  assert.equal(await isOver(connection), undefined);
  assert.equal(world.httpsOpen, 0, "the proof has ended");
  await slow.readable.cancel();
  connection.close();
});
