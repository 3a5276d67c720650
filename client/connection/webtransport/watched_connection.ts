/**
 * A WebTransport connection that may stop in the middle: some browsers (Safari 26.4) never give the peer new
 * flow-control credit, so that after some hundred kilobytes nothing moves any more although the session
 * stands: no stream is opened, a write is never taken, an answer never comes or stops in the middle. No error
 * says so; a stall is seen by waiting, and told from a slow server by asking the server both ways.
 */

import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { TransportError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { Activity } from "../activity.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Connection } from "../transport.ts";

/** How often the streams are looked at. */
export const watchEveryMs = 2_500;
/** A call without a first byte for so long, with nothing else moving, is suspicious. */
export const waitingMs = 5_000;
/** So is a long answer that stops in the middle: a subscription gives something every 20 s. */
export const driedUpMs = 30_000;
/** … once it has given more than any browser's smallest first credit would let through unseen. */
export const driedUpAfterBytes = 16 * 1024;
/**
 * A write that is not taken for so long, while the server answers another way, is never taken. Shorter than a
 * call's patience (30 s), or its end would hide it.
 */
export const heldUpMs = 12_000;
/** How long the server may take for a call without work. */
export const probeMs = 2_000;

/** A connection that is given up when its streams stall while the server answers another way. */
export class WatchedConnection implements Connection {
  readonly transport: Connection["transport"];
  readonly closed: Promise<{ reason: string }>;
  readonly #inner: Connection;
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #answersElsewhere: () => Promise<boolean>;
  readonly #onStall: () => void;
  #cancelWatch: () => void = () => {};
  /** Aborts when the connection is over. */
  readonly #over = new AbortController();

  /**
   * @param options.answersElsewhere asked when the streams look stalled: whether the server answers another way
   * @param options.onStall told once; the connection is closed then
   */
  constructor(
    inner: Connection,
    options: { clock: Clock; answersElsewhere: () => Promise<boolean>; onStall: () => void },
  ) {
    this.#inner = inner;
    this.transport = inner.transport;
    this.#clock = options.clock;
    this.#activity = new Activity(() => options.clock.now());
    this.#answersElsewhere = options.answersElsewhere;
    this.#onStall = options.onStall;
    this.closed = inner.closed.finally(() => this.#stopWatching());
    this.#watch();
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    const over = this.#over.signal;
    over.throwIfAborted();
    // A session that opens no streams any more does not reject those that wait, either.
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
    // One stream that has dried up needs no proof: credit is given to each stream alone, so a fresh one says
    // nothing about it.
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

  async #isSilentHereAlone(): Promise<boolean> {
    const [elsewhere, here] = await Promise.all([this.#answersElsewhere(), answers(this.#inner, this.#clock)]);
    return elsewhere && !here;
  }

  #stopWatching(): void {
    this.#over.abort(new TransportError("the connection is over"));
    this.#cancelWatch();
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
