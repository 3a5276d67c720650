/**
 * Limits how fast the calls of one client address are accepted, so that a flood from one address does not
 * slow the others. A call that is not accepted yet waits at its sender through QUIC's flow control. Nothing
 * is refused, and nothing queues here.
 */
import { AddressRates } from "../server-common/address_rates.ts";

/**
 * How many calls of an address are accepted at once. A page makes about ten calls when it loads. A call of
 * another address may wait behind this many.
 */
export const callsAtOnce = 8;
/** Addresses whose pace is remembered. A forgotten address has a fresh burst. */
const maxAddresses = 10_000;

/** Gives each call of an address its turn. */
export class CallPace {
  readonly #rate: AddressRates;

  /**
   * @param perSecond calls of one address that are accepted a second, beyond {@link callsAtOnce}
   * @param now ms
   */
  constructor(perSecond: number, now: () => number) {
    const burst = Math.max(callsAtOnce, perSecond / 20);
    this.#rate = new AddressRates({ perMinute: 60 * perSecond, burst, clock: now, maxKeys: maxAddresses });
  }

  /** Resolves when it is this address's turn, mostly at once. */
  async turn(address: string): Promise<void> {
    const waitMs = this.#rate.reserve(address);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
