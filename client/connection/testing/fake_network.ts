/** A network for tests: the test decides how WebTransport and HTTPS behave, and moves the clock. */

import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { Handlers } from "../../../schema/rpc/server.ts";
import { openingTo, streamPair } from "../../testing/call_server.ts";
import { BrowserTransport } from "../browser_transport.ts";
import { type Clock, pause } from "../../runtime/clock.ts";
import { VolatileNetworkMemory } from "../network_memory.ts";
import type { Connection } from "../transport.ts";
import type { WebTransportClass } from "../webtransport/webtransport.ts";

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

  /** Moves the clock, and runs due timers in order. All effects of a timer happen before the next one. */
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

/** Waits until everything that needs no time has happened. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

const health = { serverTimeMs: 1, wireVersion: 1, draining: false, build: "", restoredMs: 0, restoredToMs: 0 };

/** @param work what the server does before it answers */
const served = (work: () => Promise<void>) =>
  openingTo(
    new Handlers<undefined>()
      .unary(delivery.health, () => work().then(() => health))
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

/**
 * How the test's WebTransport behaves: it connects, fails or never answers; later its streams may fall
 * silent.
 */
export class World {
  readonly clock = new FakeClock();
  readonly memory = new VolatileNetworkMemory();
  behaviour: "connects" | "fails" | "hangs" = "connects";
  isSilent = false;
  /** how a session stalls once its flow-control credit is used up, which is never refilled */
  starved: "opens no stream" | "takes no write" | undefined;
  network = "home";
  attempts = 0;
  sessions: { ready: () => void; end: () => void; closed: boolean }[] = [];
  httpsOpen = 0;
  /** datagrams that WebTransport sessions sent; undefined: the browser has none */
  datagrams: number | undefined = 0;
  /** how long the server needs for an answer, over WebTransport and over HTTPS */
  slowMs = { here: 0, elsewhere: 0 };
  /** whether the gateway sends datagrams back */
  echoes = false;
  isLookedAt = true;
  /** streams that WebTransport sessions opened */
  streams = 0;
  readonly transport: BrowserTransport;

  constructor() {
    // deno-lint-ignore no-this-alias -- the classes below have a `this` of their own
    const world = this;
    class FakeWebTransport {
      readonly ready: Promise<void>;
      readonly closed: Promise<unknown>;
      readonly #session: World["sessions"][number];
      #echo: (bytes: Uint8Array) => void = () => {};
      readonly #readable = new ReadableStream<Uint8Array>({
        start: (controller) => void (this.#echo = (bytes) => controller.enqueue(bytes)),
      });
      readonly #writable = new WritableStream<Uint8Array>({
        write: (bytes) => {
          world.datagrams!++;
          if (world.echoes) this.#echo(bytes);
        },
      });
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
      get datagrams() {
        if (world.datagrams === undefined) return undefined;
        return { readable: this.#readable, writable: this.#writable };
      }
      close() {
        this.#session.closed = true;
        this.#session.end();
      }
      createBidirectionalStream() {
        if (world.starved === "opens no stream") return new Promise(() => {});
        world.streams++;
        return world.isSilent
          ? Promise.resolve(streamPair()[0])
          : served(() => world.#work("here"))().then((stream) =>
            takingUntil(() => world.starved === "takes no write", stream)
          );
      }
    }
    this.transport = new BrowserTransport("https://chat.example", {
      WebTransport: FakeWebTransport as unknown as WebTransportClass,
      clock: this.clock,
      memory: this.memory,
      network: () => this.network,
      isLookedAt: () => this.isLookedAt,
      fetchConfig: () =>
        Promise.resolve({ webtransport: { url: "https://chat.example:4433/wt", certificateHashes: [] }, rpc: "/rpc" }),
      connectHttps: () => this.#https(),
    });
  }

  async #work(where: "here" | "elsewhere"): Promise<void> {
    if (this.slowMs[where] > 0) await pause(this.clock, this.slowMs[where], new AbortController().signal);
  }

  #https(): Connection {
    this.httpsOpen++;
    const closed = Promise.withResolvers<{ reason: string }>();
    const open = served(() => this.#work("elsewhere"));
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
