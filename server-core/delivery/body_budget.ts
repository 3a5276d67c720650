/** Memory for bodies that are gathered whole before anything is written. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** How soon a caller that was turned away should come again, ms. */
const retryAfterMs = 1000;

/** A number of bytes that all calls in flight share. */
export class BodyBudget {
  #free: number;

  constructor(totalBytes: number) {
    this.#free = totalBytes;
  }

  /**
   * Takes `bytes` while `work` runs.
   *
   * @throws WireError E005 when too much is in flight
   */
  async with<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (bytes > this.#free) throw new WireError(ErrorCode.rateLimited, "too many large bodies at once", retryAfterMs);
    this.#free -= bytes;
    try {
      return await work();
    } finally {
      this.#free += bytes;
    }
  }
}
