/** A token bucket for each key (a client address): so many at once, so many a second. */

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Full buckets are forgotten whenever this many are kept, so that a flood of addresses costs no memory for good … */
const sweepAt = 10_000;
/** … and a quarter makes room at once, so that not every request of the flood costs a sweep. */
const keepAtMost = 7_500;

/** Token buckets by key. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond refilled evenly
   * @param burst the most that may come at once
   * @param now ms
   */
  constructor(perSecond: number, burst: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  /** @returns 0 and takes one, or takes nothing and returns the ms until there is one */
  take(key: string): number {
    const bucket = this.#filled(key);
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 0;
    }
    return Math.ceil((1 - bucket.tokens) * 1000 / this.#perSecond);
  }

  /**
   * Takes one, from the future where there is none now.
   *
   * @param mostMs no wait is longer: what would be, takes nothing
   * @returns after how many ms it may be used
   */
  reserve(key: string, mostMs = Infinity): number {
    const bucket = this.#filled(key);
    const waitMs = Math.ceil(Math.max(0, 1 - bucket.tokens) * 1000 / this.#perSecond);
    if (waitMs > mostMs) return mostMs;
    bucket.tokens--;
    return waitMs;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #filled(key: string): Bucket {
    const now = this.#now();
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= sweepAt) this.#sweep(now);
      bucket = { tokens: this.#burst, filledAtMs: now };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(
      this.#burst,
      bucket.tokens + Math.max(0, now - bucket.filledAtMs) * this.#perSecond / 1000,
    );
    bucket.filledAtMs = now;
    return bucket;
  }

  #sweep(now: number): void {
    for (const [key, { tokens, filledAtMs }] of this.#buckets) {
      if (tokens + (now - filledAtMs) * this.#perSecond / 1000 >= this.#burst) this.#buckets.delete(key);
    }
    // All of them are in use: the oldest go, at worst with a fresh burst.
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= keepAtMost) break;
      this.#buckets.delete(key);
    }
  }
}
