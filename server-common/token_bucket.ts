/** Token buckets by key, in bounded memory. */

export interface TokenBucketsOptions {
  /** Takes that refill in a minute. */
  perMinute: number;
  /** As many may come at once; at most `perMinute`, the default. */
  burst?: number;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  /** Keys remembered at once (default 100,000). */
  maxKeys?: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Limits how often each key may do a thing. */
export class TokenBuckets {
  readonly #capacity: number;
  readonly #perMs: number;
  readonly #clock: () => number;
  readonly #maxKeys: number;
  /** In the order of last use: the first ones are the first to be full again. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ perMinute, burst = perMinute, clock, maxKeys = 100_000 }: TokenBucketsOptions) {
    this.#capacity = burst;
    this.#perMs = perMinute / 60_000;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  /**
   * Takes one token of a key.
   *
   * @returns 0 if there was one, else in how many ms there will be
   */
  take(key: string): number {
    const nowMs = this.#clock();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, filledMs: nowMs };
    const tokens = Math.min(this.#capacity, bucket.tokens + Math.max(0, nowMs - bucket.filledMs) * this.#perMs);
    const granted = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: granted ? tokens - 1 : tokens, filledMs: nowMs });
    this.#forget(nowMs);
    return granted ? 0 : Math.ceil((1 - tokens) / this.#perMs);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * A bucket untouched for a minute is full, which is what a new one is. Beyond the bound the longest unused
   * ones go.
   */
  #forget(nowMs: number): void {
    for (const [key, { filledMs }] of this.#buckets) {
      if (nowMs - filledMs < 60_000 && this.#buckets.size <= this.#maxKeys) return;
      this.#buckets.delete(key);
    }
  }
}
