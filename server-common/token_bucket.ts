/**
 * Token buckets by key (an address, an account, a device), in bounded memory.
 *
 * Own code instead of a library: docs/decisions/024 compares. Limits must answer at once, reserve turns in
 * advance, and take the server's clock.
 */

export interface TokenBucketsOptions {
  /** Tokens that refill in a minute, evenly. */
  perMinute: number;
  /** Tokens of a full bucket: as many may be taken at once (default: `perMinute`). */
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
   * @returns 0 if there was one, else in how many ms there will be; nothing is taken then
   */
  take(key: string): number {
    const bucket = this.#filled(key);
    const waitMs = this.#waitMs(bucket);
    if (waitMs === 0) bucket.tokens--;
    return waitMs;
  }

  /**
   * Takes one token of a key, from the future where there is none now.
   *
   * @param mostMs the longest wait: a turn that would come later is not reserved
   * @returns after how many ms the turn comes, at most `mostMs`
   */
  reserve(key: string, mostMs = Infinity): number {
    const bucket = this.#filled(key);
    const waitMs = this.#waitMs(bucket);
    if (waitMs > mostMs) return mostMs;
    bucket.tokens--;
    return waitMs;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #waitMs({ tokens }: Bucket): number {
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / this.#perMs);
  }

  /** The bucket of a key with what it has got since its last use, as the one that is used last. */
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

  /** Forgets full buckets: a new one is the same. The longest unused make room for one more, full or not. */
  #forget(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, nowMs) < this.#capacity && this.#buckets.size < this.#maxKeys) return;
      this.#buckets.delete(key);
    }
  }
}
