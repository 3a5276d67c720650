/**
 * Collects garbage when it is known that there is much of it. A QUIC connection that has ended holds some 110 KiB until
 * then, outside of V8's heap; V8 does not know of that and sees no reason to begin (measured: 300 connections a second
 * that are refused grow a process by 15 MiB a second).
 */

import v8 from "node:v8";
import vm from "node:vm";

let collect: (() => void) | undefined;

/** Collects all garbage now; takes some 50 ms. */
export function collectGarbage(): void {
  if (!collect) {
    v8.setFlagsFromString("--expose-gc");
    collect = vm.runInNewContext("gc") as () => void;
  }
  collect();
}

/** Tells when enough has ended since the last collection. */
export class GarbageCount {
  readonly #enough: number;
  readonly #leastMs: number;
  #count = 0;
  #lastMs = -Infinity;

  /**
   * @param enough how many things must have ended
   * @param leastMs between two collections, ms
   */
  constructor(enough: number, leastMs: number) {
    this.#enough = enough;
    this.#leastMs = leastMs;
  }

  /** Something has ended, and holds memory. */
  add(): void {
    this.#count++;
  }

  /**
   * @param nowMs on any clock that does not go back
   * @param isUrgent whether memory is short: however little has ended
   * @returns whether to collect now; then the count begins anew
   */
  isDue(nowMs: number, isUrgent = false): boolean {
    if (nowMs - this.#lastMs < this.#leastMs || (this.#count < this.#enough && !isUrgent)) return false;
    this.#count = 0;
    this.#lastMs = nowMs;
    return true;
  }
}
