/** Limits how often the address blocks of each client may do something. */

import { addressBlocks } from "./address_block.ts";
import { TokenBuckets, type TokenBucketsOptions } from "./token_bucket.ts";

/** Token buckets of one address, and of each wider block that it is in. */
export class AddressRates {
  readonly #shares = new Map<number, TokenBuckets>();
  readonly #options: TokenBucketsOptions;

  /** @param options of one IPv4 address or IPv6 /64; a /56 may do 4 times, a /48 16 times as much */
  constructor(options: TokenBucketsOptions) {
    this.#options = options;
  }

  /**
   * Takes one token of an address and of its wider blocks.
   *
   * @param address an IP literal
   * @returns 0 if each had one. Else the ms until all do; then nothing is taken
   */
  take(address: string): number {
    return this.#takeAll(address, (buckets, block) => buckets.take(block));
  }

  /**
   * Takes tokens, whether they are there or not: see {@link TokenBuckets.owe}.
   *
   * @returns 0 if they were taken. Else the ms until nothing is lacking; then nothing is taken
   */
  owe(address: string, tokens: number): number {
    return this.#takeAll(address, (buckets, block) => buckets.owe(block, tokens), tokens);
  }

  /**
   * Takes one token, or reserves a future one.
   *
   * @param mostMs the longest wait: a later turn is not reserved
   * @returns after how many ms the turn comes, at most `mostMs`
   */
  reserve(address: string, mostMs = Infinity): number {
    return Math.max(...addressBlocks(address).map(({ block, share }) => this.#buckets(share).reserve(block, mostMs)));
  }

  #takeAll(address: string, take: (buckets: TokenBuckets, block: string) => number, tokens = 1): number {
    const taken: (() => void)[] = [];
    for (const { block, share } of addressBlocks(address)) {
      const buckets = this.#buckets(share);
      const waitMs = take(buckets, block);
      if (waitMs > 0) {
        for (const giveBack of taken) giveBack();
        return waitMs;
      }
      taken.push(() => buckets.giveBack(block, tokens));
    }
    return 0;
  }

  #buckets(share: number): TokenBuckets {
    const { perMinute, burst = perMinute } = this.#options;
    const buckets = this.#shares.get(share) ??
      new TokenBuckets({ ...this.#options, perMinute: share * perMinute, burst: share * burst });
    this.#shares.set(share, buckets);
    return buckets;
  }
}
