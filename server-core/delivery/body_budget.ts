/** Bounds the memory of bodies that are received whole before they are stored. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** Advice to a refused caller, ms. */
const retryAfterMs = 1000;

/** How many bodies one owner may have in flight. The rest is for others. */
export const bodiesPerOwner = 2;

/** A budget of bytes that all calls in flight share. */
export class BodyBudget {
  #free: number;
  readonly #byOwner = new Map<string, number>();

  constructor(totalBytes: number) {
    this.#free = totalBytes;
  }

  /**
   * Reserves `bytes` while `work` runs.
   *
   * @param owner whose body it is
   * @throws WireError E005 when too much is in flight, in all or of this owner
   */
  async with<T>(bytes: number, owner: string, work: () => Promise<T>): Promise<T> {
    const own = this.#byOwner.get(owner) ?? 0;
    if (bytes > this.#free || own >= bodiesPerOwner) {
      throw new WireError(ErrorCode.rateLimited, "too many large bodies at once", retryAfterMs);
    }
    this.#free -= bytes;
    this.#byOwner.set(owner, own + 1);
    try {
      return await work();
    } finally {
      this.#free += bytes;
      const left = this.#byOwner.get(owner)! - 1;
      if (left === 0) this.#byOwner.delete(owner);
      else this.#byOwner.set(owner, left);
    }
  }
}
