/**
 * Tells a leaf that is not trusted from one that could not be judged, because the directory did not answer.
 *
 * MLS sees a refusal in both cases. But an entry must not be given up only because the network was away.
 */

import type { Trust } from "../../mls/group.ts";

/**
 * Judges leaves by the directory, and remembers when it could not be asked: then nothing was refused, only
 * not yet judged.
 */
export class TrustWatch {
  readonly #trust: Trust;
  /** Operations run side by side: each one looks only at what failed since it began. */
  #failures = 0;
  #latest: unknown;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  readonly trust: Trust = async (...leaf) => {
    try {
      return await this.#trust(...leaf);
    } catch (error) {
      this.#failures++;
      this.#latest = error;
      throw error;
    }
  };

  /**
   * Runs an operation that judges leaves.
   *
   * @throws what kept a leaf from being judged, whatever the operation made of it
   */
  async during<T>(operation: () => Promise<T>): Promise<T> {
    const before = this.#failures;
    const result = await operation().then((value) => ({ value }), (error) => ({ error }));
    if (this.#failures > before) throw this.#latest;
    if ("error" in result) throw result.error;
    return result.value;
  }
}
