/**
 * Watches a WebTransport connection for stalls. Some browsers (Safari 26.4) never give the peer new
 * flow-control credit. After some hundred kilobytes no stream opens, no write is accepted and answers stop,
 * although the session is open. There is no error. So a stall is detected by waiting, and told from a slow
 * server by calls both ways.
 */

import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { TransportError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { Activity } from "../activity.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Connection } from "../transport.ts";

/** How often the streams are checked. */
export const watchEveryMs = 2_500;
/** A call without a first byte for this long is suspicious when no other stream moves. */
export const waitingMs = 5_000;
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
export const probeMs = 2_000;

/** A connection that is closed when its streams stall while the server answers another way. */
export class WatchedConnection implements Connection {
  readonly transport: Connection["transport"];
  readonly closed: Promise<{ reason: string }>;
  readonly #inner: Connection;
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #answersElsewhere: () => Promise<boolean>;
  readonly #onStall: () => void;
  readonly #isLookedAt: () => boolean;
  #cancelNudge: () => void = () => {};
  #cancelWatch: () => void = () => {};
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
      onStall: () => void;
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
    this.#nudgeAfter(nudgeMs);
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    const over = this.#over.signal;
    over.throwIfAborted();
    // A stalled session never rejects a stream that waits to be opened.
    return await this.#activity.watch(this.#inner.openStream(signal ? AbortSignal.any([signal, over]) : over));
  }

  close(): void {
    this.#stopWatching();
    this.#inner.close();
  }

  #watch(): void {
    this.#cancelWatch = this.#clock.after(watchEveryMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const driedUp = this.#activity.hasDriedUp(driedUpAfterBytes, driedUpMs);
    // A stopped stream needs no probe. Credit is counted for each stream, so another stream proves nothing.
    if (
      driedUp || (this.#activity.isWaiting(waitingMs) && await this.#isSilentHereAlone()) ||
      (this.#activity.isHeldUp(heldUpMs) && await this.#answersElsewhere())
    ) {
      if (this.#over.signal.aborted) return;
      this.#onStall();
      this.close();
    } else if (!this.#over.signal.aborted) {
      this.#watch();
    }
  }

  #nudgeAfter(delayMs: number): void {
    this.#cancelNudge = this.#clock.after(delayMs, () => {
      const restMs = nudgeMs - this.#activity.quietMs();
      if (restMs > 0) return this.#nudgeAfter(restMs);
      if (this.#over.signal.aborted) return;
      if (this.#isLookedAt() && !this.#inner.nudge?.()) void answers(this.#inner, this.#clock);
      this.#nudgeAfter(nudgeMs);
    });
  }

  async #isSilentHereAlone(): Promise<boolean> {
    const [elsewhere, here] = await Promise.all([this.#answersElsewhere(), answers(this.#inner, this.#clock)]);
    return elsewhere && !here;
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
