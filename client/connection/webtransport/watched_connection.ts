/**
 * Watches a WebTransport connection for silence. A server that was killed and started again knows nothing of its old
 * connections, and a browser goes on sending for half a minute. Some browsers (Safari 26.4) never give the peer new
 * flow-control credit. After some hundred kilobytes no stream opens, no write is accepted and answers stop,
 * although the session is open. There is no error. So silence is detected by waiting, and told from a slow server by
 * calls both ways (docs/decisions/036-dead-connections.md).
 */

import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { TransportError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { Activity } from "../activity.ts";
import { type Clock, pause } from "../../runtime/clock.ts";
import type { Connection } from "../transport.ts";

/** How often a connection is looked at while something waits for the server … */
export const watchEveryMs = 300;
/** … and else. */
const restEveryMs = 2_500;
/** A call without a first byte for this long is suspicious when nothing else is heard. */
export const waitingMs = 1_500;
/** … or this long while an upload is held up: its bytes stand in the way of the others. */
const uploadingMs = 5_000;
/** A long answer that stops for this long is suspicious: a subscription sends an element every 20 s. */
const driedUpMs = 30_000;
/** … once it has delivered more than the smallest initial credit of any browser. */
const driedUpAfterBytes = 16 * 1024;
/**
 * A write that is pending for this long, while the server answers over HTTPS, is stalled. Shorter than the timeout of
 * a call (30 s), which would hide the stall.
 */
export const heldUpMs = 12_000;
/**
 * A connection on which nothing has moved for this long is nudged. While a router has given this device another
 * address, all that the server sends is lost until the device sends something; Chromium does so by itself every 15 s.
 * Costs two packets of some 60 bytes; only while somebody looks.
 */
export const nudgeMs = 4_000;
/** How long the server may take for a call without work. */
const probeMs = 2_000;
/** The same by another way, which may have to connect first: three round trips more. */
export const elsewhereMs = 4_000;
/** A suspected connection is dead when it stays silent for this long, or twice as long as the other way needed. */
export const silentMs = 1_200;
/** The pause after a probe is as long as the probe took, within these: it must not add to the load of a slow server. */
const shortestPauseMs = 600;
const longestPauseMs = 2_000;
const stepMs = 250;

/**
 * What is silent: the streams of a session that lives, the whole session, or one of the two. A nudge needs no
 * flow-control credit, so its answer tells them apart.
 */
export type StallOf = "streams" | "session" | "unknown";

/** A connection that is closed when its streams stall while the server answers another way. */
export class WatchedConnection implements Connection {
  readonly transport: Connection["transport"];
  readonly closed: Promise<{ reason: string }>;
  readonly #inner: Connection;
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #answersElsewhere: () => Promise<boolean>;
  readonly #onStall: (what: StallOf) => void;
  readonly #isLookedAt: () => boolean;
  #cancelNudge: () => void = () => {};
  #cancelWatch: () => void = () => {};
  /** The next look is far away, because nothing waits. */
  #rests = false;
  /** When the nudge went out that has no answer yet. */
  #nudgedMs: number | undefined;
  /** Nudges that the server has answered. Earlier versions answer none. */
  #nudgesAnswered = 0;
  /** Aborts when the connection is over. */
  readonly #over = new AbortController();

  /**
   * @param options.answersElsewhere called when the streams look stalled: whether the server answers another
   *   way
   * @param options.onStall called once; the connection is closed then
   * @param options.isLookedAt whether somebody waits for messages: a page is visible, and there is a network
   */
  constructor(
    inner: Connection,
    options: {
      clock: Clock;
      answersElsewhere: () => Promise<boolean>;
      onStall: (what: StallOf) => void;
      isLookedAt: () => boolean;
    },
  ) {
    this.#inner = inner;
    this.transport = inner.transport;
    this.#clock = options.clock;
    this.#activity = new Activity(() => options.clock.now());
    this.#answersElsewhere = options.answersElsewhere;
    this.#onStall = options.onStall;
    this.#isLookedAt = options.isLookedAt;
    this.closed = inner.closed.finally(() => this.#stopWatching());
    this.#watch();
    this.#nudge();
    this.#nudgeAfter(nudgeMs);
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    const over = this.#over.signal;
    over.throwIfAborted();
    // A stalled session never rejects a stream that waits to be opened.
    const opening = this.#inner.openStream(signal ? AbortSignal.any([signal, over]) : over);
    const watched = this.#activity.watch(opening, over);
    this.#watchSoon();
    return await watched;
  }

  close(): void {
    this.#stopWatching();
    this.#inner.close();
  }

  #watch(afterMs: number = this.#isAwaiting(0) ? watchEveryMs : restEveryMs): void {
    this.#rests = afterMs === restEveryMs;
    this.#cancelWatch();
    this.#cancelWatch = this.#clock.after(afterMs, () => void this.#look());
  }

  #watchSoon(): void {
    if (this.#rests && !this.#over.signal.aborted) this.#watch(watchEveryMs);
  }

  /** @returns whether a call or a nudge has waited for `forMs`, and nothing was heard for as long */
  #isAwaiting(forMs: number): boolean {
    const isNudgeLate = this.#nudgedMs !== undefined && this.#clock.now() - this.#nudgedMs >= forMs;
    return this.#activity.isWaiting(forMs) || (isNudgeLate && this.#activity.silentMs() >= forMs);
  }

  async #look(): Promise<void> {
    this.#rests = false;
    const startMs = this.#clock.now();
    const isSuspected = this.#isAwaiting(this.#activity.isHeldUp(0) ? uploadingMs : waitingMs);
    const stall = await this.#stall(isSuspected);
    if (this.#over.signal.aborted) return;
    if (stall) {
      this.#onStall(stall);
      return this.close();
    }
    const tookMs = this.#clock.now() - startMs;
    this.#watch(isSuspected ? Math.min(Math.max(tookMs, shortestPauseMs), longestPauseMs) : undefined);
  }

  async #stall(isSuspected: boolean): Promise<StallOf | undefined> {
    // A stopped stream needs no probe. Credit is counted for each stream, so another stream proves nothing.
    if (this.#activity.hasDriedUp(driedUpAfterBytes, driedUpMs)) return this.#silentSince(driedUpMs);
    const before = this.#nudgesAnswered;
    if (isSuspected) this.#nudge();
    if (isSuspected && await this.#isSilentHereAlone()) {
      if (this.#nudgesAnswered > before) return "streams";
      return before > 0 ? "session" : "unknown";
    }
    return this.#activity.isHeldUp(heldUpMs) && await this.#answersElsewhere()
      ? this.#silentSince(heldUpMs)
      : undefined;
  }

  #silentSince(forMs: number): StallOf {
    return this.#activity.silentMs() < forMs ? "streams" : "unknown";
  }

  #nudgeAfter(delayMs: number): void {
    this.#cancelNudge = this.#clock.after(delayMs, () => {
      const restMs = nudgeMs - this.#activity.quietMs();
      if (restMs > 0) return this.#nudgeAfter(restMs);
      if (this.#over.signal.aborted) return;
      if (this.#isLookedAt() && !this.#nudge()) void answers(this, this.#clock);
      this.#nudgeAfter(nudgeMs);
    });
  }

  /** @returns false where the transport can not */
  #nudge(): boolean {
    const nudged = this.#inner.nudge?.(() => {
      this.#nudgesAnswered++;
      this.#nudgedMs = undefined;
    });
    if (nudged && this.#nudgesAnswered > 0) {
      this.#nudgedMs ??= this.#clock.now();
      this.#watchSoon();
    }
    return nudged ?? false;
  }

  /** Asks the server over this connection and another way at once. */
  async #isSilentHereAlone(): Promise<boolean> {
    const over = this.#over.signal;
    const [startMs, signs] = [this.#clock.now(), this.#activity.signs];
    const isHeard = () => this.#activity.signs > signs || over.aborted;
    const probe = new AbortController();
    const here = this.#ask(probe.signal).then(isHeard, isHeard);
    const other = this.#answersElsewhere();
    const elsewhere = await Promise.race([here.then((heard) => heard ? false : other), other]);
    // In steps: while this device is busy or asleep, an answer may have come and wait to be read.
    const tookMs = Math.min(Math.max(0, this.#clock.now() - startMs), elsewhereMs);
    let restMs = Math.max(silentMs - tookMs, tookMs);
    for (; elsewhere && !isHeard() && restMs > 0; restMs -= stepMs) await pause(this.#clock, stepMs, over);
    probe.abort(new TransportError("enough"));
    return elsewhere && !isHeard();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    await new RpcClient((signal) => this.openStream(signal)).call(delivery.health, {}, { signal });
  }

  #stopWatching(): void {
    this.#over.abort(new TransportError("the connection is over"));
    this.#cancelWatch();
    this.#cancelNudge();
  }
}

/** @returns whether the server answers a call without work over this connection in time */
export async function answers(connection: Connection, clock: Clock, withinMs: number = probeMs): Promise<boolean> {
  const late = new AbortController();
  const cancel = clock.after(withinMs, () => late.abort(new Error("no answer in time")));
  try {
    await new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {}, { signal: late.signal });
    return true;
  } catch {
    return false;
  } finally {
    cancel();
  }
}
