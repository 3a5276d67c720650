/** Counts what the address blocks of each client have in use, against a limit. */

import { addressBlocks } from "./address_block.ts";
import { Usage } from "./usage.ts";

/** How much of something one address, and each wider block that it is in, may have at once. */
export class AddressUsage {
  readonly #shares = new Map<number, Usage>();
  readonly #limit: number;

  /** @param limit of one IPv4 address or IPv6 /64; a /56 may have 4 times, a /48 16 times as much */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param address an IP literal */
  isFull(address: string): boolean {
    return this.fullBlock(address) !== undefined;
  }

  /**
   * @param address an IP literal
   * @returns the narrowest block of the address that has reached its limit, as {@link addressBlocks} names it
   */
  fullBlock(address: string): string | undefined {
    return addressBlocks(address).find(({ block, share }) => this.#usage(share).isFull(block))?.block;
  }

  /**
   * @param address an IP literal
   * @returns false, and counts nothing, when the address or a wider block has reached its limit
   */
  take(address: string): boolean {
    if (this.isFull(address)) return false;
    for (const { block, share } of addressBlocks(address)) this.#usage(share).take(block);
    return true;
  }

  /** Counts one less. @param address an IP literal for which {@link take} answered true */
  give(address: string): void {
    for (const { block, share } of addressBlocks(address)) this.#usage(share).give(block);
  }

  #usage(share: number): Usage {
    const usage = this.#shares.get(share) ?? new Usage(share * this.#limit);
    this.#shares.set(share, usage);
    return usage;
  }
}
