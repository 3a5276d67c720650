/**
 * Takes up calls of each client address one after the other once it has made many at once, so that a flood of
 * one costs the others no more than the rate it is paced to. What is not taken up waits in QUIC, whose flow
 * control leaves it with its sender: nothing is refused, and nothing piles up here.
 */
import { TokenBuckets } from "../server-common/token_bucket.ts";
import { addressBlock } from "../server-common/address_block.ts";

/**
 * Calls of an address that are taken up at once; a page that loads makes about ten. Another's call may find
 * as many before it.
 */
export const callsAtOnce = 8;
/** Addresses whose pace is remembered; at worst a forgotten one has a fresh burst. */
const maxAddresses = 10_000;

/** Paces the calls of each address: beyond its rate a call waits for its turn. */
export class CallPace {
  readonly #rate: TokenBuckets;

  /**
   * @param perSecond calls of one address that are taken up a second, beyond {@link callsAtOnce}
   * @param now ms
   */
  constructor(perSecond: number, now: () => number) {
    const burst = Math.max(callsAtOnce, perSecond / 20);
    this.#rate = new TokenBuckets({ perMinute: 60 * perSecond, burst, clock: now, maxKeys: maxAddresses });
  }

  /** Resolves when it is this address's turn: mostly at once. */
  async turn(address: string): Promise<void> {
    const waitMs = this.#rate.reserve(addressBlock(address));
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
