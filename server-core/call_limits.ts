/**
 * Limits the calls of each address and account, so that a flood of one does not delay the others
 * (docs/limits.md).
 */

import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { AddressRates } from "../server-common/address_rates.ts";
import { TokenBuckets } from "../server-common/token_bucket.ts";

/** Calls that an address may make at once, in seconds of its rate: many people can share an address. */
export const addressBurstSeconds = 5;
/**
 * Calls that an account may make at once, in seconds of its rate. Adding two hundred people fetches the
 * KeyPackages of each.
 */
export const accountBurstSeconds = 10;

/**
 * How many streams of a direct client are served at once; further streams follow at twice the rate of calls.
 */
export const streamsAtOnce = 32;

export interface CallLimitsOptions {
  /** Calls a second of one IPv4 address or IPv6 /64 (`QPQ_CALLS_PER_IP_PER_SECOND`). */
  perAddressPerSecond: number;
  /** Calls a second of one account, all of its devices together (`QPQ_CALLS_PER_ACCOUNT_PER_SECOND`). */
  perAccountPerSecond: number;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
}

/** Token buckets for calls by address and by account. */
export class CallLimits {
  readonly #perAddress: AddressRates;
  readonly #perAccount: TokenBuckets;
  readonly #streams: AddressRates;

  constructor({ perAddressPerSecond, perAccountPerSecond, clock }: CallLimitsOptions) {
    this.#perAddress = new AddressRates({
      perMinute: 60 * perAddressPerSecond,
      burst: addressBurstSeconds * perAddressPerSecond,
      clock,
    });
    this.#perAccount = new TokenBuckets({
      perMinute: 60 * perAccountPerSecond,
      burst: accountBurstSeconds * perAccountPerSecond,
      clock,
    });
    this.#streams = new AddressRates({
      perMinute: 120 * perAddressPerSecond,
      burst: Math.max(streamsAtOnce, perAddressPerSecond / 10),
      clock,
    });
  }

  /**
   * To be called before anything is looked up for a call.
   *
   * @param remoteAddress an IP literal; behind a gateway the browser's
   * @throws WireError E005
   */
  address(remoteAddress: string): void {
    check(this.#perAddress.take(remoteAddress), "too many calls from this address");
  }

  /**
   * To be called after the caller was identified.
   *
   * @param accountKey 32 bytes
   * @throws WireError E005
   */
  account(accountKey: Uint8Array): void {
    check(this.#perAccount.take(keyOf(accountKey)), "too many calls of this account");
  }

  /**
   * Counts calls of an address and an account besides the one that they make; the next ones may have to wait.
   *
   * @throws WireError E005 where others that came at the same time have used up what there is
   */
  count({ remoteAddress, accountKey }: { remoteAddress: string; accountKey?: Uint8Array }, calls: number): void {
    if (calls === 0) return;
    // The account first: what it is refused must not cost others at its address.
    if (accountKey) check(this.#perAccount.owe(keyOf(accountKey), calls), "too many calls of this account");
    check(this.#perAddress.owe(remoteAddress, calls), "too many calls from this address");
  }

  /**
   * To be called before a stream of a direct client is served.
   *
   * @returns 0, or how many ms it must wait before it asks again
   */
  stream(remoteAddress: string): number {
    return this.#streams.take(remoteAddress);
  }
}

function keyOf(accountKey: Uint8Array): string {
  return String.fromCharCode(...accountKey);
}

function check(retryAfterMs: number, reason: string): void {
  if (retryAfterMs > 0) throw new WireError(ErrorCode.rateLimited, reason, retryAfterMs);
}
