/**
 * Joins one call of a client to one stream of the core, and copies bytes both ways. It counts the bytes and
 * does not interpret them.
 *
 * QUIC's signals pass through as far as Deno's API allows. FIN becomes FIN, and STOP_SENDING becomes
 * STOP_SENDING. A reset ends the call in both directions. Deno can not send RESET_STREAM, so the other side
 * sees FIN in the middle of a message, and STOP_SENDING.
 */

import type { CallState, RunningCall } from "./call_places.ts";
import { callRefusal } from "./call_refusal.ts";
import { every } from "../server-common/shared_interval.ts";

export interface CallLimits {
  /** bytes from the client */
  bytesPerCall: number;
  /**
   * ms of silence after which a call ends that its caller has not finished and that has no answer yet
   */
  halfOpenMs: number;
  /** ms for which one side may accept no bytes */
  stallMs: number;
}

export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * How a call ended. "done": the core has answered to the end; "client" and "core": that side aborted it; "displaced":
 * another call needed the place; the others are limits.
 */
export type CallOutcome = "done" | "client" | "core" | "tooLarge" | "halfOpen" | "stalled" | "displaced";

export interface CallSummary {
  outcome: CallOutcome;
  bytesToCore: number;
  bytesFromCore: number;
}

/**
 * Copies until the core's answer has ended or a side was aborted. What the caller still sends then is not wanted: it is
 * told to stop, and the call's stream at the core is free.
 *
 * @param client the caller's stream
 * @param core the stream to the core, with the address prefix already written
 * @param abort aborts the call from outside, as the client would
 * @returns how it ended; never rejects
 */
export function spliceCall(
  client: Duplex,
  core: Duplex,
  limits: CallLimits,
  abort?: AbortSignal,
): Promise<CallSummary> {
  return new Splice(client, core, limits, abort).finished;
}

/** A call whose bytes are being copied: see {@link spliceCall}. */
export class Splice implements RunningCall {
  readonly finished: Promise<CallSummary>;
  readonly #limits: CallLimits;
  readonly #clientReader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #clientWriter: WritableStreamDefaultWriter<Uint8Array>;
  readonly #coreReader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #coreWriter: WritableStreamDefaultWriter<Uint8Array>;
  readonly #resolve: (summary: CallSummary) => void;
  readonly #stopWatch: () => void;
  readonly #detach: () => void;
  #bytesToCore = 0;
  #bytesFromCore = 0;
  #isCallDone = false;
  #isOver = false;
  #lastMoveAt = performance.now();
  /** when the pending write towards each side began */
  #writingSince: { client?: number; core?: number } = {};

  constructor(client: Duplex, core: Duplex, limits: CallLimits, abort?: AbortSignal) {
    this.#limits = limits;
    this.#clientReader = client.readable.getReader();
    this.#clientWriter = client.writable.getWriter();
    this.#coreReader = core.readable.getReader();
    this.#coreWriter = core.writable.getWriter();
    // A caller over HTTPS may leave while nothing is being written. Only this promise shows it.
    this.#clientWriter.closed.catch(() => this.#breakOff("client"));
    this.#coreWriter.closed.catch(() => {});
    const { promise, resolve } = Promise.withResolvers<CallSummary>();
    this.finished = promise;
    this.#resolve = resolve;
    this.#stopWatch = every(Math.max(10, Math.min(limits.halfOpenMs, limits.stallMs) / 4), () => this.#watch());
    const onAbort = () => this.#breakOff("client");
    abort?.addEventListener("abort", onAbort);
    this.#detach = () => abort?.removeEventListener("abort", onAbort);
    if (abort?.aborted) {
      this.#breakOff("client");
    } else {
      this.#carryCall();
      this.#carryAnswer();
    }
  }

  state(nowMs = performance.now()): CallState {
    const { client = nowMs, core = nowMs } = this.#writingSince;
    return {
      isUnfinished: !this.#isCallDone && this.#bytesFromCore === 0,
      silentMs: nowMs - this.#lastMoveAt,
      stalledMs: nowMs - Math.min(client, core),
    };
  }

  end(): void {
    this.#breakOff("displaced");
  }

  async #carryCall(): Promise<void> {
    while (!this.#isOver) {
      const read = await this.#clientReader.read().catch(() => undefined);
      if (!read) return this.#breakOff("client");
      if (read.done) break;
      this.#bytesToCore += read.value.length;
      if (this.#bytesToCore > this.#limits.bytesPerCall) return this.#breakOff("tooLarge");
      if (!await this.#write("core", this.#coreWriter, read.value)) {
        // The core needs no more of this call, perhaps because it has answered an error. The client is told
        // to stop sending, and its answer continues.
        this.#clientReader.cancel().catch(() => {});
        return this.#endCall();
      }
    }
    this.#coreWriter.close().catch(() => {});
    this.#endCall();
  }

  async #carryAnswer(): Promise<void> {
    while (!this.#isOver) {
      const read = await this.#coreReader.read().catch(() => undefined);
      if (!read) return this.#breakOff("core");
      if (read.done) break;
      this.#bytesFromCore += read.value.length;
      if (!await this.#write("client", this.#clientWriter, read.value)) return this.#breakOff("client");
    }
    if (this.#isOver) return;
    this.#clientWriter.close().catch(() => {});
    if (!this.#isCallDone) {
      this.#clientReader.cancel().catch(() => {});
      this.#coreWriter.abort().catch(() => {});
    }
    this.#finish("done");
  }

  #endCall(): void {
    this.#isCallDone = true;
  }

  async #write(
    side: "client" | "core",
    writer: WritableStreamDefaultWriter<Uint8Array>,
    bytes: Uint8Array,
  ): Promise<boolean> {
    this.#writingSince[side] = performance.now();
    try {
      await writer.write(bytes);
      return true;
    } catch {
      return false;
    } finally {
      this.#writingSince[side] = undefined;
      this.#lastMoveAt = performance.now();
    }
  }

  /** A finished call may wait for its answer without limit, because it may be a subscription. */
  #watch(): void {
    const now = performance.now();
    const { client, core } = this.#writingSince;
    const stalledSince = Math.min(client ?? Infinity, core ?? Infinity);
    if (now - stalledSince > this.#limits.stallMs) return this.#breakOff("stalled");
    const isHalfOpen = !this.#isCallDone && this.#bytesFromCore === 0;
    const isWriting = client !== undefined || core !== undefined;
    if (isHalfOpen && !isWriting && now - this.#lastMoveAt > this.#limits.halfOpenMs) this.#breakOff("halfOpen");
  }

  #breakOff(outcome: CallOutcome): void {
    if (this.#isOver) return;
    const error = new Error(`call ended: ${outcome}`);
    this.#clientReader.cancel(error).catch(() => {});
    this.#coreReader.cancel(error).catch(() => {});
    this.#coreWriter.abort(error).catch(() => {});
    // A caller that has no bytes of an answer yet can still get an error.
    const refusal = outcome === "tooLarge" ? callRefusal.tooLarge : outcome === "displaced" && callRefusal.tooMany;
    if (refusal && this.#bytesFromCore === 0) {
      this.#clientWriter.write(refusal).then(() => this.#clientWriter.close()).catch(() => {});
    } else this.#clientWriter.abort(error).catch(() => {});
    this.#finish(outcome);
  }

  #finish(outcome: CallOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWatch();
    this.#detach();
    this.#resolve({ outcome, bytesToCore: this.#bytesToCore, bytesFromCore: this.#bytesFromCore });
  }
}
