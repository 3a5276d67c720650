/** One QUIC connection to the core: finds out whether a gateway or a client made it, and serves its streams. */

import { encodeError } from "../schema/rpc/calls_and_returns.ts";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import type { AddressUsage } from "../server-common/address_usage.ts";
import { LoopTurns } from "../server-common/loop_turns.ts";
import type { Log } from "../server-common/log.ts";
import type { AddressPlaces } from "../server-common/address_places.ts";
import { AdmissionError, type AdmissionOptions, readFirstStream, takeClientAddress } from "./admission.ts";
import type { Metrics } from "./metrics.ts";
import { slimReadable } from "./slim_readable.ts";
import { type CoreTurns, StreamTurns } from "./stream_turns.ts";

/**
 * Streams of a client that are served at once; `qpq` opens 100 at most. Further ones wait in QUIC, which offers more
 * because Deno sets one number for all connections, before a gateway has shown that it is one.
 */
const maxClientStreams = 192;
/**
 * With so many half-sent calls among them its connection ends, because what waits behind them fills QUIC's windows. A
 * call of an honest client is read within milliseconds.
 */
const maxUnreadOfFull = 96;
/** How often a connection is judged so, ms. */
const judgeEveryMs = 250;
/** Streams of a client's connection that are refused because too many wait; with the next one it ends. */
const maxRefusedStreams = 256;
/** So many pieces of a connection's first stream wait for no turn: they show whether a gateway has come. */
const firstPieces = 8;
/** Advice to a caller that was refused, ms. */
const retryAfterMs = 1_000;

/** Limits for which connections are closed. */
const closingLimits = ["connections", "streams", "refused", "memory"] as const;
type ClosingLimit = typeof closingLimits[number];

/** Counts connections that were closed for a limit. With `connections` 0 the series begins, as alerts need it. */
function countClosed(metrics: Metrics, limit: ClosingLimit, connections: number): void {
  metrics.count("qpq_connections_closed_total", "connections closed for a limit, by limit", { limit }, connections);
}

function countCutOff(metrics: Metrics, calls: number): void {
  metrics.count("qpq_calls_cut_off_total", "calls that were not wholly sent when others needed their place", {}, calls);
}

/** Begins the series of all limits. */
export function beginCounts(metrics: Metrics): void {
  for (const limit of closingLimits) countClosed(metrics, limit, 0);
  countCutOff(metrics, 0);
}

/** A stream of ours. Its pieces are passed on in turns of the event loop. */
interface Stream extends ByteStream {
  turns: StreamTurns;
  /** Of the browser that a gateway has made it for, when that is known. */
  browser?: string;
}

/** The origin of a call. */
export interface Origin {
  /** An IP literal: the peer's, or the browser's behind a gateway. */
  remoteAddress: string;
  /** Aborts when the connection is lost. A stream alone shows that only at its next write. */
  signal: AbortSignal;
  /** Aborts, with the WireError to answer, when others need the place of a call that is not wholly read. */
  reading?: AbortSignal;
  /** To be called once the whole call is read. */
  callRead(): void;
  /** How long what the caller has sent has waited for its turn, ms. */
  heldMs?(): number;
}

export interface ConnectionOptions {
  admission: AdmissionOptions;
  /** @returns 0, or how many ms a direct client's next stream must wait before it asks again */
  turn(remoteAddress: string): number;
  /** Streams of each address that wait for their turn. */
  waiting: AddressUsage;
  /** What is begun in a turn of the event loop. */
  turns: CoreTurns;
  /** Calls that are being read, by the address of their browser or client. */
  halfSent: AddressPlaces;
  /** Told of the address of a connection that is closed for what it did, and not because there are too many. */
  onOffence(remoteAddress: string): void;
  /** Serves one call. Never rejects. */
  serve(stream: ByteStream, from: Origin): Promise<void>;
  log: Log;
  metrics: Metrics;
}

/** A connection whose handshake is done. */
export class CoreConnection {
  readonly remoteAddress: string;
  readonly #conn: Deno.QuicConn;
  readonly #options: ConnectionOptions;
  readonly #gone = new AbortController();
  readonly #isClientWelcome: boolean;
  readonly #onGateway: () => void;
  readonly #onCall: (call: Promise<void>) => void;
  readonly #accepts = new LoopTurns();
  #kind: Promise<"client" | "gateway"> | undefined;
  #isGateway = false;
  #open = 0;
  #unread = 0;
  #refused = 0;
  /** A stream is finished. */
  #finished = Promise.withResolvers<void>();
  /** Until the last stream that waits has had its turn. */
  #turns: Promise<void> = Promise.resolve();

  /**
   * @param from.isClientWelcome false: there is room for gateways only
   * @param from.onGateway called when it has proved to be one
   * @param from.onCall told of each call while it runs
   */
  constructor(
    conn: Deno.QuicConn,
    options: ConnectionOptions,
    from: { isClientWelcome: boolean; onGateway(): void; onCall(call: Promise<void>): void },
  ) {
    this.#conn = conn;
    this.#options = options;
    this.remoteAddress = conn.remoteAddr.hostname;
    this.#isClientWelcome = from.isClientWelcome;
    this.#onGateway = from.onGateway;
    this.#onCall = from.onCall;
  }

  get isGateway(): boolean {
    return this.#isGateway;
  }

  /** Streams that hold memory of a caller who has not sent its call, or whose turn has not come. */
  get unread(): number {
    return this.#unread;
  }

  /** Ends it with a reason that its peer is told, and counts why. */
  close(reason: string, label: ClosingLimit): void {
    const { metrics, log, onOffence } = this.#options;
    if (label !== "connections") onOffence(this.remoteAddress);
    countClosed(metrics, label, 1);
    log.debug("connection closed", { reason, remoteAddress: this.remoteAddress });
    closeQuietly(this.#conn, reason);
  }

  /** Serves its streams until it ends. Never rejects. */
  async run(): Promise<void> {
    const ended = this.#conn.closed.then(() => {}, () => {}).then(() =>
      this.#gone.abort(new Error("the connection is gone"))
    );
    try {
      for await (const { readable, writable } of this.#conn.incomingBidirectionalStreams) {
        await this.#acceptTurn();
        this.#open++;
        const turns = new StreamTurns(this.#kind ? 0 : firstPieces);
        const stream: Stream = { readable: slimReadable(readable, () => this.#pieceTurn(stream)), writable, turns };
        void this.#take(stream).finally(() => {
          this.#open--;
          this.#finished.resolve();
        });
        while (!this.#isGateway && this.#open >= maxClientStreams && !this.#gone.signal.aborted) await this.#judge();
      }
    } catch (error) {
      this.#options.log.debug("connection ended", { error: (error as Error).message });
    }
    await ended;
  }

  /**
   * A gateway's streams are of many people, so they wait for each other only. The first one shows who has come: a
   * gateway would wait for it among all clients, and all browsers with it.
   */
  async #acceptTurn(): Promise<void> {
    if (!this.#kind) return;
    await (this.#isGateway ? this.#accepts : this.#options.turns.accepts).next(this.remoteAddress);
  }

  /** Until a gateway has said whose stream it is, only the turn counts in which it was accepted. */
  async #pieceTurn({ turns, browser }: Stream): Promise<void> {
    const { clients, gateways } = this.#options.turns;
    if (!this.#isGateway) await turns.next(clients, this.remoteAddress);
    else if (browser !== undefined) await turns.next(gateways, browser);
  }

  /** Waits for a place, or ends the connection. */
  async #judge(): Promise<void> {
    this.#finished = Promise.withResolvers();
    const waiting = new AbortController();
    await Promise.race([
      this.#finished.promise,
      pause(judgeEveryMs, AbortSignal.any([this.#gone.signal, waiting.signal])),
    ]);
    waiting.abort();
    if (this.#open >= maxClientStreams && this.#unread >= maxUnreadOfFull) {
      this.close("too many calls are half sent", "streams");
      await this.#conn.closed.catch(() => {});
      await pause(0, this.#gone.signal);
    }
  }

  async #take(stream: Stream): Promise<void> {
    if (this.#kind) {
      const call = this.#serveNext(this.#kind, stream);
      this.#onCall(call);
      return await call;
    }
    const first = this.#readFirst(stream);
    this.#kind = first.then(({ kind }) => kind);
    this.#kind.catch(() => {});
    const found = await first.catch(() => undefined);
    if (found?.kind !== "client") return;
    const call = this.#serveClient(found.stream, stream.turns);
    this.#onCall(call);
    await call;
  }

  /** A client's first stream is already a call. A gateway is admitted by its first stream. */
  async #readFirst(stream: ByteStream): ReturnType<typeof readFirstStream> {
    const { admission, metrics, log } = this.#options;
    try {
      const first = await readFirstStream(stream, admission);
      if (first.kind === "gateway") {
        this.#isGateway = true;
        this.#onGateway();
        log.info("gateway admitted");
        log.debug("gateway admitted from", { remoteAddress: this.remoteAddress });
      } else if (!this.#isClientWelcome) {
        this.close("too many connections", "connections");
        throw new Error("too many connections");
      }
      return first;
    } catch (error) {
      if (error instanceof AdmissionError) {
        metrics.count("qpq_admissions_refused_total", "connections closed because they are no gateway of ours");
        log.warn("connection refused", { error: error.message });
        log.debug("connection refused from", { remoteAddress: this.remoteAddress });
      }
      closeQuietly(this.#conn, "not admitted");
      throw error;
    }
  }

  async #serveNext(kind: Promise<"client" | "gateway">, stream: Stream): Promise<void> {
    try {
      if (await kind === "client") return await this.#serveClient(stream, stream.turns);
      const { stream: call, remoteAddress } = await takeClientAddress(stream, this.#options.admission.timeoutMs);
      stream.browser = remoteAddress;
      await this.#serve(call, remoteAddress, stream.turns);
    } catch {
      // The connection is lost, or the prefix is malformed. Only a malformed prefix can be answered.
      await refuse(stream, new WireError(ErrorCode.malformed, "no client address before the call"));
    }
  }

  /** A gateway paces its clients itself. */
  async #serveClient(stream: ByteStream, turns: StreamTurns): Promise<void> {
    if (await this.#awaitTurn()) await this.#serve(stream, this.remoteAddress, turns);
    else await refuse(stream, new WireError(ErrorCode.rateLimited, "too many calls from this address", retryAfterMs));
  }

  /** @returns false when it must be refused, because too many of its address wait already */
  async #awaitTurn(): Promise<boolean> {
    const { turn, waiting } = this.#options;
    if (waiting.isFull(this.remoteAddress)) {
      if (++this.#refused > maxRefusedStreams) this.close("too many calls", "refused");
      return false;
    }
    waiting.take(this.remoteAddress);
    this.#unread++;
    // One after the other. Turns are not reserved: who leaves would leave a debt to others of its address.
    const before = this.#turns;
    const mine = (async () => {
      await before;
      for (let waitMs = 0; !this.#gone.signal.aborted && (waitMs = turn(this.remoteAddress)) > 0;) {
        await pause(Math.min(waitMs, 1000), this.#gone.signal);
      }
    })();
    this.#turns = mine;
    await mine;
    this.#unread--;
    waiting.give(this.remoteAddress);
    return !this.#gone.signal.aborted;
  }

  async #serve(stream: ByteStream, remoteAddress: string, turns: StreamTurns): Promise<void> {
    const reading = new AbortController();
    const give = this.#options.halfSent.take(remoteAddress, () => {
      countCutOff(this.#options.metrics, 1);
      reading.abort(new WireError(ErrorCode.rateLimited, "too many calls are half sent", retryAfterMs));
    });
    this.#unread++;
    let isRead = false;
    const callRead = () => {
      if (!isRead) this.#unread--;
      isRead = true;
      give();
    };
    const heldMs = () => turns.waitedMs;
    const origin = { remoteAddress, signal: this.#gone.signal, reading: reading.signal, callRead, heldMs };
    await this.#options.serve(stream, origin).finally(callRead);
  }
}

/** Answers a stream that is not served, and ends both of its directions. Never rejects. */
async function refuse({ readable, writable }: ByteStream, error: WireError): Promise<void> {
  // Another reader may have it; that one has failed.
  if (!readable.locked) await readable.cancel().catch(() => {});
  const writer = writable.getWriter();
  await writer.write(encodeError(error)).then(() => writer.close()).catch(() => {});
}

function closeQuietly(conn: Deno.QuicConn, reason: string): void {
  try {
    conn.close({ closeCode: 1, reason });
  } catch {
    // It is closed already.
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
