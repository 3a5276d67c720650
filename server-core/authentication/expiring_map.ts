/** Values that can be taken once, for a while, in bounded memory. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

export interface ExpiringMapOptions {
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  lifeMs: number;
  maxEntries: number;
}

/** A map whose entries end after a time, and that takes no more than so many. */
export class ExpiringMap<V> {
  readonly #options: ExpiringMapOptions;
  /** In the order of expiry, as all live equally long. */
  readonly #entries = new Map<string, { value: V; expiresMs: number }>();

  constructor(options: ExpiringMapOptions) {
    this.#options = options;
  }

  /**
   * @param key random: never in use already
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

  /** @returns the value, for the first time and in time only */
  take(key: string): V | undefined {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry && entry.expiresMs > this.#options.clock() ? entry.value : undefined;
  }
}
