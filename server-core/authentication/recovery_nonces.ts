/**
 * Nonces of `recoverStart`. Anybody may ask for one, so the server keeps no memory of the nonces that it
 * gives out.
 */

import { createHmac } from "node:crypto";
import { type Bytes, concat, equalBytes, toHex, u64, utf8 } from "../../schema/bytes.ts";
import { ExpiringMap } from "./expiring_map.ts";

/** u64 ms of expiry ‖ random bytes ‖ HMAC-SHA-256, cut to 128 bits (RFC 2104 §5). */
const expiryBytes = 8;
const randomBytes = 8;
const bodyBytes = expiryBytes + randomBytes;
const macBytes = 16;

/** In bytes. */
export const recoveryNonceLength = bodyBytes + macBytes;

/**
 * Stateless nonces: each carries its expiry and a MAC over expiry and username. Only used nonces take memory.
 */
export class RecoveryNonces {
  readonly #clock: () => number;
  readonly #lifeMs: number;
  /** Of this process alone: a restart voids all nonces. */
  readonly #key = crypto.getRandomValues(new Uint8Array(32));
  readonly #spent: ExpiringMap<true>;

  /**
   * @param clock ms since any moment, whole numbers
   * @param lifeMs how long a nonce is good for
   */
  constructor(clock: () => number, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
    this.#spent = new ExpiringMap({ clock, lifeMs, maxEntries: 10_000 });
  }

  /** @returns 32 bytes that are valid for this username until they expire */
  create(username: string): Bytes {
    const body = concat(u64(this.#clock() + this.#lifeMs), crypto.getRandomValues(new Uint8Array(randomBytes)));
    return concat(body, this.#mac(body, username));
  }

  /**
   * @param nonce foreign bytes, {@link recoveryNonceLength} of them
   * @returns whether this server made it for this username, and it is neither expired nor spent
   */
  isGood(nonce: Uint8Array, username: string): boolean {
    const body = nonce.slice(0, bodyBytes);
    const isOurs = equalBytes(nonce.slice(bodyBytes), this.#mac(body, username));
    const expiresMs = Number(new DataView(body.buffer).getBigUint64(0));
    return isOurs && expiresMs > this.#clock() && !this.#spent.has(toHex(nonce));
  }

  /**
   * Marks a nonce as used. To be called after the recovery code was proven over it, so that only owners of
   * accounts fill this memory.
   *
   * @throws WireError E005 when too many are spent at once
   */
  spend(nonce: Uint8Array): void {
    this.#spent.add(toHex(nonce), true);
  }

  #mac(body: Uint8Array, username: string): Bytes {
    const mac = createHmac("sha256", this.#key).update(concat(utf8("qpq/1 recovery nonce"), body, utf8(username)))
      .digest();
    return new Uint8Array(mac.subarray(0, macBytes));
  }
}
