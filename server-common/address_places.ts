/** Bounded places that one address can not keep from the others. */

import { type AddressBlock, addressBlocks } from "./address_block.ts";

export interface AddressPlacesOptions {
  /** Places in all. */
  total: number;
  /** Places of one IPv4 address or IPv6 /64; a /56 may have 4 times, a /48 16 times as many. */
  perAddress: number;
}

interface Taken {
  blocks: AddressBlock[];
  /** Tells its holder that the place is lost. */
  lose(): void;
}

/**
 * Places for what is over in milliseconds when its sender is honest: a handshake, the reading of a call. Who comes
 * always gets one. Where there is none left, the oldest of the address loses its own; where all are taken, the oldest
 * of the address that has most. So it takes a flood, and not patience, to disturb anybody.
 */
export class AddressPlaces {
  readonly #options: AddressPlacesOptions;
  /** In the order in which they were taken. */
  readonly #byBlock = new Map<string, { share: number; taken: Set<Taken> }>();
  #size = 0;

  constructor(options: AddressPlacesOptions) {
    this.#options = options;
  }

  /** How many places are taken. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param address an IP literal
   * @param lose called when the place is lost to somebody else
   * @returns gives the place back; harmless when it is lost already
   */
  take(address: string, lose: () => void): () => void {
    const one: Taken = { blocks: addressBlocks(address), lose };
    for (const { block, share } of one.blocks) {
      const here = this.#byBlock.get(block) ?? { share, taken: new Set() };
      this.#byBlock.set(block, here);
      here.taken.add(one);
    }
    this.#size++;
    for (const { block, share } of one.blocks) {
      const taken = this.#byBlock.get(block)?.taken;
      if (taken && taken.size > share * this.#options.perAddress) this.#lose(taken);
    }
    if (this.#size > this.#options.total) this.#lose(this.#greediest());
    return () => this.#give(one);
  }

  /** The oldest place of the address that has most of them is lost. @returns false when none is taken */
  loseOne(): boolean {
    if (this.#size === 0) return false;
    this.#lose(this.#greediest());
    return true;
  }

  #lose(taken: Set<Taken>): void {
    const [oldest] = taken;
    this.#give(oldest);
    oldest.lose();
  }

  #give(one: Taken): void {
    let had = false;
    for (const { block } of one.blocks) {
      const here = this.#byBlock.get(block);
      if (!here?.taken.delete(one)) continue;
      had = true;
      if (here.taken.size === 0) this.#byBlock.delete(block);
    }
    if (had) this.#size--;
  }

  #greediest(): Set<Taken> {
    let most = 0;
    let found: Set<Taken> | undefined;
    for (const { share, taken } of this.#byBlock.values()) {
      if (found && taken.size / share <= most) continue;
      most = taken.size / share;
      found = taken;
    }
    return found!;
  }
}
