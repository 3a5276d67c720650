/** Assertions of the vector runners: they throw at the first difference and name the vector. */

import { toHex } from "../../../schema/bytes.ts";

/** How many values of a file were compared; a runner that compared none has skipped the file, which is an error too. */
export interface VectorCount {
  checked: number;
}

/** A vector did not come out as it should: the message says which value. */
export class VectorError extends Error {
  override readonly name = "VectorError";
}

/** Counts comparisons of one file. */
export class Checker {
  checked = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @param actual bytes or text @param expected lower-case hex or text */
  equal(actual: Uint8Array | string | number | undefined, expected: string | number, what: string): void {
    const shown = actual instanceof Uint8Array ? toHex(actual) : actual;
    if (shown !== expected) {
      throw new VectorError(
        `${this.#file}: ${what}: ${String(shown).slice(0, 80)} is not ${String(expected).slice(0, 80)}`,
      );
    }
    this.checked += 1;
  }

  isTrue(condition: boolean, what: string): void {
    if (!condition) throw new VectorError(`${this.#file}: ${what}`);
    this.checked += 1;
  }

  /** @throws VectorError when nothing was checked */
  count(): VectorCount {
    if (this.checked === 0) throw new VectorError(`${this.#file}: nothing was checked`);
    return { checked: this.checked };
  }
}
