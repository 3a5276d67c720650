/**
 * Takes up calls of each client address one after the other once it has made many at once, so that a flood of
 * one costs the others no more than the rate it is paced to. What is not taken up waits in QUIC, whose flow
 * control leaves it with its sender: nothing is refused, and nothing piles up here.
 */
import { RateLimit } from "./rate_limit.ts";
import { usageKey } from "./usage.ts";

/**
 * Calls of an address that are taken up at once; a page that loads makes about ten. Another's call may find
 * as many before it.
 */
export const callsAtOnce = 8;

/** Paces the calls of each address: beyond its rate a call waits for its turn. */
export class CallPace {
  readonly #rate: RateLimit;

  /**
   * @param perSecond calls of one address that are taken up a second, beyond {@link callsAtOnce}
   * @param now ms
   */
  constructor(perSecond: number, now: () => number) {
    this.#rate = new RateLimit(perSecond, Math.max(callsAtOnce, perSecond / 20), now);
  }

  /** Resolves when it is this address's turn: mostly at once. */
  async turn(address: string): Promise<void> {
    const waitMs = this.#rate.reserve(usageKey(address));
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
