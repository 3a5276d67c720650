/** A bounded map of values that expire and can be taken once. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

export interface ExpiringMapOptions {
  /** ms since any moment, which no correction of the machine's clock moves. */
  clock: () => number;
  lifeMs: number;
  maxEntries: number;
}

/**
 * A map that refuses when it is full. It never evicts: one flooder must not void the entries of others
 * (docs/decisions/024).
 */
export class ExpiringMap<V> {
  readonly #options: ExpiringMapOptions;
  /** In the order of expiry, because all entries live equally long. */
  readonly #entries = new Map<string, { value: V; expiresMs: number }>();

  constructor(options: ExpiringMapOptions) {
    this.#options = options;
  }

  /**
   * @param key a random value that is not in use yet
   * @throws WireError E005 when there are too many
   */
  add(key: string, value: V): void {
    const { clock, lifeMs, maxEntries } = this.#options;
    const nowMs = clock();
    for (const [old, { expiresMs }] of this.#entries) {
      if (expiresMs > nowMs) break;
      this.#entries.delete(old);
    }
    if (this.#entries.size >= maxEntries) {
      throw new WireError(ErrorCode.rateLimited, "too many calls are half done", lifeMs);
    }
    this.#entries.set(key, { value, expiresMs: nowMs + lifeMs });
  }

  /** @returns whether the value is there, in time and not taken */
  has(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresMs > this.#options.clock();
  }

  /** Removes a value. @returns it, unless it was taken or has expired */
  take(key: string): V | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry && entry.expiresMs > this.#options.clock() ? entry.value : undefined;
  }
}
