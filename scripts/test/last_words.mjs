/** What a part of the tests said last, for those that failed: a log is often seen from its end alone. */

import { stripVTControlCharacters } from "node:util";

const keptLines = 60;
const lineLength = 200;
/** A test that passed, as Deno and Playwright write it. */
const passed = / \.\.\. ok \(|^\s*✓/;

/** The last lines of one part. */
export class LastWords {
  /** @type {string[]} */
  #lines = [];

  /** @param {string} line */
  take(line) {
    const text = stripVTControlCharacters(line).trimEnd();
    if (text === "" || passed.test(text)) return;
    this.#lines.push(text.slice(0, lineLength));
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  /**
   * @param {number} characters how many there is room for
   * @returns {string} the end of what was said
   */
  end(characters) {
    let at = this.#lines.length;
    for (let room = characters; at > 0 && room > this.#lines[at - 1].length; at--) {
      room -= this.#lines[at - 1].length + 1;
    }
    return this.#lines.slice(at).join("\n");
  }
}
