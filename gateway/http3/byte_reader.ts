import { decodeVarint, varintLength } from "./varint.ts";

/** The stream ended in the middle of a value. */
export class TruncatedError extends Error {
  constructor() {
    super("the stream ended in the middle of a value");
    this.name = "TruncatedError";
  }
}

/**
 * Returns the next bytes of a stream (any length above 0), or undefined at its end. `wanted` is the number of
 * bytes that the present value still lacks.
 */
export type PullBytes = (wanted: number) => Promise<Uint8Array | undefined>;

const skipStep = 4096;

/** Reads values from a stream with chunks of any size. It holds one chunk and the present value. */
export class ByteReader {
  readonly #pull: PullBytes;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(pull: PullBytes) {
    this.#pull = pull;
  }

  /**
   * Reads one integer of RFC 9000 §16.
   *
   * @returns undefined when the stream ended before its first byte
   * @throws TruncatedError when the stream ended inside it
   */
  async varint(): Promise<number | undefined> {
    if (!await this.#fill(1)) return undefined;
    const encoded = await this.bytes(varintLength(this.#chunk[0]));
    return decodeVarint(encoded)?.value;
  }

  /** Reads an integer as {@link varint} does, where the stream must not end. */
  async requiredVarint(): Promise<number> {
    const value = await this.varint();
    if (value === undefined) throw new TruncatedError();
    return value;
  }

  /**
   * Reads exactly `length` bytes. The caller has checked `length` against its limit, because that much is
   * allocated.
   *
   * @throws TruncatedError
   */
  async bytes(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (!await this.#fill(length - filled)) throw new TruncatedError();
      const part = this.#take(length - filled);
      result.set(part, filled);
      filled += part.length;
    }
    return result;
  }

  /** Skips `length` bytes without holding them. @throws TruncatedError */
  async discard(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      if (!await this.#fill(Math.min(left, skipStep))) throw new TruncatedError();
      left -= this.#take(left).length;
    }
  }

  /** Reads up to `limit` bytes, as soon as there are any. @returns undefined at the end of the stream */
  async some(limit: number): Promise<Uint8Array | undefined> {
    return await this.#fill(limit) ? this.#take(limit) : undefined;
  }

  /** @returns what was pulled and not read yet; it is the caller's now */
  rest(): Uint8Array {
    return this.#take(this.#chunk.length);
  }

  async #fill(wanted: number): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#pull(wanted);
      if (next === undefined) return false;
      this.#chunk = next;
    }
    return true;
  }

  #take(limit: number): Uint8Array {
    const part = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(part.length);
    return part;
  }
}
