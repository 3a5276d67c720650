/**
 * Tells a leaf that is not trusted from a leaf that could not be judged because the directory did not answer.
 *
 * MLS sees a refusal in both cases. But an entry must not be given up only because the network was away.
 */

import type { Trust } from "../../mls/group.ts";

/**
 * Judges leaves by the directory, and remembers whether the directory could not be asked. Then the leaf was
 * not refused, only not judged yet.
 */
export class TrustWatch {
  readonly #trust: Trust;
  /** Operations run side by side: each operation looks only at failures since its start. */
  #failures = 0;
  #latest: unknown;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  readonly trust: Trust = (...leaf) => this.watched(this.#trust)(...leaf);

  /** @returns the question to the directory, whose failures {@link during} passes on */
  watched<A extends unknown[], R>(question: (...asked: A) => Promise<R>): (...asked: A) => Promise<R> {
    return async (...asked) => {
      try {
        return await question(...asked);
      } catch (error) {
        this.#failures++;
        this.#latest = error;
        throw error;
      }
    };
  }

  /**
   * Runs an operation that judges leaves.
   *
   * @throws the error that kept a leaf from being judged, whatever the operation returned
   */
  async during<T>(operation: () => Promise<T>): Promise<T> {
    const before = this.#failures;
    const result = await operation().then((value) => ({ value }), (error) => ({ error }));
    if (this.#failures > before) throw this.#latest;
    if ("error" in result) throw result.error;
    return result.value;
  }
}
