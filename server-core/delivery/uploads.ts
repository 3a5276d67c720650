/**
 * Uploads of blobs under way: how many there are, and what they will take of their accounts' quotas. Their bytes count
 * for their accounts from the beginning, so that uploads at once can not exceed a quota together. In memory: an upload
 * ends with the process.
 */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** Uploads of an account at once. A page or `qpq` needs one or two. */
const maxUploadsPerAccount = 4;
/** Uploads at once: each is an open file. */
const maxUploads = 256;
/** Above this many an account gets one at a time, so that some accounts can not take all places. */
const crowdedUploads = maxUploads / 2;
/** Advice to a refused caller. */
const retryAfterMs = 1000;

/** Blobs that an account is uploading. */
export interface UnderWay {
  files: number;
  bytes: number;
}

export class Uploads {
  /** By account: the lengths of its blobs by their hash. A blob that is sent twice at once counts once. */
  readonly #byAccount = new Map<string, { sha256: string; length: number }[]>();
  #count = 0;

  /**
   * Counts an upload while `work` runs.
   *
   * @param account whose it is, in hex
   * @param sha256 of the blob, in hex
   * @param length bytes
   * @param work gets the account's other blobs that are under way
   * @param unfinished the lengths of its unfinished blobs, which wait for more calls, by their hash
   * @throws WireError E005 when there are too many, in all or of this account
   */
  async with<T>(
    account: string,
    sha256: string,
    length: number,
    work: (others: UnderWay) => Promise<T>,
    unfinished: ReadonlyMap<string, number> = new Map(),
  ): Promise<T> {
    const own = this.#byAccount.get(account) ?? [];
    const most = this.#count >= crowdedUploads ? 1 : maxUploadsPerAccount;
    if (this.#count >= maxUploads || own.length >= most) {
      throw new WireError(ErrorCode.rateLimited, "too many uploads at once", retryAfterMs);
    }
    const others = new Map([...unfinished, ...own.map((one) => [one.sha256, one.length] as const)]);
    others.delete(sha256);
    const upload = { sha256, length };
    this.#byAccount.set(account, [...own, upload]);
    this.#count++;
    try {
      return await work({ files: others.size, bytes: [...others.values()].reduce((sum, bytes) => sum + bytes, 0) });
    } finally {
      const left = this.#byAccount.get(account)!.filter((one) => one !== upload);
      if (left.length === 0) this.#byAccount.delete(account);
      else this.#byAccount.set(account, left);
      this.#count--;
    }
  }
}
