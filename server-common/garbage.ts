/**
 * Collects garbage when it is known that there is much of it. A QUIC connection that has ended holds some 110 KiB until
 * then, outside of V8's heap; V8 does not know of that and sees no reason to begin (measured: 300 connections a second
 * that are refused grow a process by 15 MiB a second).
 */

import v8 from "node:v8";
import vm from "node:vm";

let collectAll: (() => void) | undefined;

/** Collects all garbage now, whatever waits for it. */
function collectAtOnce(): void {
  if (!collectAll) {
    v8.setFlagsFromString("--expose-gc");
    collectAll = vm.runInNewContext("gc") as () => void;
  }
  collectAll();
}

/**
 * Far more than what V8 lets be in use outside of its heap before it begins, bytes. Nobody writes into them, so that
 * the system gives no memory for them. Where more than half of what its heap may have is in use outside, V8 does all at
 * once, so a small machine pretends less.
 */
const pretendedBytes = Math.min(512 * 1024 * 1024, v8.getHeapStatistics().heap_size_limit / 4);
/** How long V8 is made to believe that they are in use, ms. */
const pretendedMs = 20;
/** While memory is not short, all is done at once no more often than this, ms. */
const allAtOnceEveryMs = 2_000;
let lastAtOnceMs = -Infinity;
/** Whether the system promises memory that it may not have. */
let canPretend = true;
/** What was garbage when V8 was last made to collect is not freed yet. */
let isOwed = false;
const freed = new FinalizationRegistry<undefined>(() => isOwed = false);

/**
 * Has garbage collected from now on, in small steps: V8 is told that much memory is in use outside of its heap. `gc()`
 * does all at once, and twice (Deno asks for `LowMemoryNotification`): nothing else was done for 50 to 100 ms, each
 * time that a flood had ended enough connections. It remains for where V8 has done nothing the last time.
 *
 * @param isUrgent memory is short: all is done before this returns
 */
export function collectGarbage(isUrgent = false): void {
  if (isUrgent || isOwed || !canPretend) {
    if (!isUrgent && performance.now() - lastAtOnceMs < allAtOnceEveryMs) return;
    isOwed = false;
    collectAtOnce();
    lastAtOnceMs = performance.now();
    return;
  }
  isOwed = true;
  freed.register({}, undefined);
  try {
    const pretended = new ArrayBuffer(pretendedBytes);
    // Freed then, and not with other garbage: V8 has to see each time that more is used than before.
    Deno.unrefTimer(setTimeout(() => pretended.transfer(0), pretendedMs));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    canPretend = false;
    collectGarbage();
  }
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

  /** Something has ended, and holds memory. @param weight as much as so many such things */
  add(weight = 1): void {
    this.#count += weight;
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
