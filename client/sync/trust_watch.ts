/**
 * Tells a leaf that is not trusted from one that could not be judged because the directory did not answer. MLS sees a refusal in both cases; but an entry must not be given up
 * because the network was away.
 */

import type { Trust } from "../mls/group.ts";

export class TrustWatch {
  readonly #trust: Trust;
  #failure: unknown;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  readonly trust: Trust = async (...leaf) => {
    try {
      return await this.#trust(...leaf);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  };

  /**
   * Runs an operation that judges leaves.
   *
   * @throws what kept a leaf from being judged, whatever the operation made of it
   */
  async during<T>(operation: () => Promise<T>): Promise<T> {
    this.#failure = undefined;
    try {
      return await operation();
    } finally {
      const failure = this.#failure;
      this.#failure = undefined;
      // deno-lint-ignore no-unsafe-finally
      if (failure) throw failure;
    }
  }
}
