/** Limits OPAQUE calls per address and per username, so that passwords can not be guessed in bulk. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { AddressRates } from "../../server-common/address_rates.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { TokenBuckets } from "../../server-common/token_bucket.ts";

/**
 * In UTF-16 units: twice the length of the longest username, so that most texts that are no usernames get the
 * answer for an unknown name.
 */
const maxUsernameLength = 64;

/** Token buckets for sign-ins and registrations, by address and by account. */
export class OpaqueLimits {
  readonly #starts: AddressRates;
  readonly #finishes: AddressRates;
  readonly #perAccount: TokenBuckets;

  constructor(
    { config, clock: wall, monotonic: clock = wall }: Pick<AuthenticationDeps, "config" | "clock" | "monotonic">,
  ) {
    const perMinute = config.opaquePerIpPerMinute ?? 30;
    this.#starts = new AddressRates({ perMinute, clock });
    this.#finishes = new AddressRates({ perMinute, clock });
    this.#perAccount = new TokenBuckets({ perMinute: config.opaquePerAccountPerMinute ?? 10, clock });
  }

  /**
   * To be called before the first step of a handshake.
   *
   * @param username of any form: an unknown user is limited like a known one
   * @throws WireError E005; E014 for a name that is too long to be kept as a key (a part of it would keep the
   *   whole text in memory)
   */
  start(remoteAddress: string, username: string): void {
    check(this.#starts.take(remoteAddress));
    if (username.length > maxUsernameLength) {
      throw new WireError(ErrorCode.malformed, `username: at most ${maxUsernameLength} characters`);
    }
    check(this.#perAccount.take(username));
  }

  /** To be called before the second step. @throws WireError E005 */
  finish(remoteAddress: string): void {
    check(this.#finishes.take(remoteAddress));
  }
}

function check(retryAfterMs: number): void {
  if (retryAfterMs > 0) throw new WireError(ErrorCode.rateLimited, "too many sign-ins", retryAfterMs);
}
