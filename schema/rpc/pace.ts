/** Cuts off who sends too slowly, so that a few bytes now and then hold neither memory nor a place. */

import { ErrorCode, WireError } from "./errors.ts";

/** The slowest sender that is waited for, in bytes a ms: 32 kbit/s, a phone on GPRS. */
export const leastBytesPerMs = 4;

/**
 * Waits for what a sender sends. Who pauses has a patience of some seconds, which bytes that arrive fill up again, at
 * {@link leastBytesPerMs} and never beyond the first amount.
 */
export class Pace {
  readonly #patienceMs: number;
  readonly #arrived: () => number;
  readonly #heldMs: () => number;
  #leftMs: number;
  #counted = 0;

  /**
   * @param patienceMs how long the sender may send nothing
   * @param arrived how many bytes of it have arrived so far
   * @param heldMs how long what it has sent has waited at the server so far, ms: that does not count
   */
  constructor(patienceMs: number, arrived: () => number, heldMs: () => number = () => 0) {
    this.#patienceMs = this.#leftMs = patienceMs;
    this.#arrived = arrived;
    this.#heldMs = heldMs;
  }

  /**
   * Only the time of these waits counts, and not what the server needs in between.
   *
   * @param work what waits for the sender; it may go on after a refusal
   * @throws WireError E014 when the sender is too slow, and what `work` throws
   */
  async wait<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.then(() => {}, () => {}).finally(() => isDone = true);
    while (true) {
      const [startedMs, heldMs] = [performance.now(), this.#heldMs()];
      const timer = new AbortController();
      await Promise.race([done, pause(this.#leftMs, timer.signal)]);
      timer.abort();
      this.#spend(performance.now() - startedMs - (this.#heldMs() - heldMs));
      if (isDone) return await work;
      if (this.#leftMs < 1) throw new WireError(ErrorCode.malformed, "the call was not sent in time");
    }
  }

  #spend(waitedMs: number): void {
    const arrived = this.#arrived();
    const gainedMs = (arrived - this.#counted) / leastBytesPerMs;
    this.#counted = arrived;
    this.#leftMs = Math.min(this.#patienceMs, Math.max(0, this.#leftMs - waitedMs) + gainedMs);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
}
