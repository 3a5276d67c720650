/** Receives the bundle of a commit: its bytes as they come, in memory that is charged first, and its hash. */

import { createHash } from "node:crypto";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** Memory is taken in blocks of so many bytes: a piece of one byte would take a hundred. */
const blockBytes = 64 * 1024;

/** A bundle that has arrived. */
export class Bundle {
  readonly #blocks: Bytes[] = [];
  readonly #length: number;
  #filled = 0;

  /** @param length of the whole bundle, bytes */
  private constructor(length: number) {
    this.#length = length;
  }

  /**
   * @param chunks exactly `length` bytes with this hash, in pieces of any size
   * @param charge called with a number of bytes before they are taken; what it throws ends the call
   * @throws WireError E014 when length or hash is wrong
   */
  static async gather(
    chunks: AsyncIterable<Bytes>,
    length: number,
    sha256: Bytes,
    charge: (bytes: number) => void,
  ): Promise<Bundle> {
    const bundle = new Bundle(length);
    const hash = createHash("sha256");
    for await (const piece of chunks) {
      if (bundle.#filled + piece.length > length) {
        throw new WireError(ErrorCode.malformed, "more bytes than the call said");
      }
      hash.update(piece);
      bundle.#add(piece, charge);
    }
    if (bundle.#filled !== length) throw new WireError(ErrorCode.malformed, "fewer bytes than the call said");
    if (!equalBytes(new Uint8Array(hash.digest()), sha256)) {
      throw new WireError(ErrorCode.malformed, "the bundle does not have its hash");
    }
    return bundle;
  }

  /** @returns a copy: a view would carry its whole block to the storage thread */
  slice(start: number, end: number): Bytes {
    const copy = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const part = this.#blocks[Math.floor(at / blockBytes)].subarray(at % blockBytes, at % blockBytes + end - at);
      copy.set(part, at - start);
      at += part.length;
    }
    return copy;
  }

  #add(piece: Bytes, charge: (bytes: number) => void): void {
    for (let offset = 0; offset < piece.length;) {
      const at = this.#filled % blockBytes;
      if (at === 0) {
        const size = Math.min(blockBytes, this.#length - this.#filled);
        charge(size);
        this.#blocks.push(new Uint8Array(size));
      }
      const part = piece.subarray(offset, offset + blockBytes - at);
      this.#blocks.at(-1)!.set(part, at);
      offset += part.length;
      this.#filled += part.length;
    }
  }
}
