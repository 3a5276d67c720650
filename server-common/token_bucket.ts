/**
 * Token buckets by key (an address, an account, a device), in bounded memory.
 *
 * Own code instead of a library: see the comparison in docs/decisions/024. Limits must answer at once,
 * reserve turns in advance, and use the server's clock.
 */

export interface TokenBucketsOptions {
  /** Tokens that refill in a minute, evenly. */
  perMinute: number;
  /** The tokens of a full bucket, all of which may be taken at once (default: `perMinute`). */
  burst?: number;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  /** Keys remembered at once (default 100,000). */
  maxKeys?: number;
}

interface Bucket {
  /** Negative when turns are reserved. */
  tokens: number;
  filledMs: number;
}

/** Limits how often each key may do something. */
export class TokenBuckets {
  readonly #capacity: number;
  readonly #perMs: number;
  readonly #clock: () => number;
  readonly #maxKeys: number;
  /** In the order of last use: the first buckets are full again first. */
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
   * @returns 0 if there was one. Else the ms until the next one; then nothing is taken
   */
  take(key: string): number {
    const bucket = this.#filled(key);
    const waitMs = this.#waitMs(bucket);
    if (waitMs === 0) bucket.tokens--;
    return waitMs;
  }

  /**
   * Takes one token of a key, or reserves a future one.
   *
   * @param mostMs the longest wait: a later turn is not reserved
   * @returns after how many ms the turn comes, at most `mostMs`
   */
  reserve(key: string, mostMs = Infinity): number {
    const bucket = this.#filled(key);
    const waitMs = this.#waitMs(bucket);
    if (waitMs > mostMs) return mostMs;
    bucket.tokens--;
    return waitMs;
  }

  /**
   * Takes tokens of a key, whether they are there or not: what is lacking has to refill before the next is taken. A key
   * that lacks some already gets none, so that no number of calls at once takes more than one of them does.
   *
   * @returns 0 if they were taken. Else the ms until the key lacks none; then nothing is taken
   */
  owe(key: string, tokens: number): number {
    const bucket = this.#filled(key);
    if (bucket.tokens < 0) return Math.ceil(-bucket.tokens / this.#perMs);
    bucket.tokens -= tokens;
    return 0;
  }

  /** Returns tokens of a key that were taken for nothing. */
  giveBack(key: string, tokens = 1): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(this.#capacity, bucket.tokens + tokens);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #waitMs({ tokens }: Bucket): number {
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / this.#perMs);
  }

  /** The bucket of a key after refilling, moved to the end as the last used one. */
  #filled(key: string): Bucket {
    const nowMs = this.#clock();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, filledMs: nowMs };
    bucket.tokens = this.#tokensAt(bucket, nowMs);
    bucket.filledMs = nowMs;
    this.#buckets.delete(key);
    this.#forget(nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #tokensAt({ tokens, filledMs }: Bucket, nowMs: number): number {
    return Math.min(this.#capacity, tokens + Math.max(0, nowMs - filledMs) * this.#perMs);
  }

  /**
   * Forgets full buckets, because a new one is equal. If needed, the longest unused bucket is forgotten, full
   * or not.
   */
  #forget(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, nowMs) < this.#capacity && this.#buckets.size < this.#maxKeys) return;
      this.#buckets.delete(key);
    }
  }
}
