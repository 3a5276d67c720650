/** Writes results to standard output, as lines or as one JSON object a line; everything else to standard error. */

import { blankLetters } from "../client/api/shown_names.ts";
import type { OutputRecord } from "./records.ts";

const encoder = new TextEncoder();

/** Moves the cursor to the start of the terminal's line, and clears it. */
const clearLine = "\r\x1b[K";

export interface Output {
  /**
   * Prints one result: `text` for people (undefined: nothing), `record` for programs. Resolves when it is
   * written.
   */
  line(text: string | undefined, record: OutputRecord): Promise<void>;
  /** Writes results that have lines of their own, as they are. */
  write(text: string): Promise<void>;
  /** Prints a note for people at a terminal. */
  note(text: string): void;
  /** Prints progress on one line that is rewritten; undefined removes the line. */
  progress(text: string | undefined): void;
}

/** @param json one JSON object a line instead of text @returns standard output for results, standard error for notes */
export function makeOutput(json: boolean): Output {
  return {
    line: async (text, record) => {
      if (json) await writeAll(Deno.stdout, `${jsonLine(record)}\n`);
      // Foreign text is already printable; this is a second line of defence.
      else if (text !== undefined) {
        await writeAll(Deno.stdout, `${text.split("\n").map(printableColumns).join("\n")}\n`);
      }
    },
    write: (text) => writeAll(Deno.stdout, text),
    note: (text) => {
      if (!json && Deno.stderr.isTerminal()) console.error(`${clearLine}qpq: ${printable(text)}`);
    },
    progress: (text) => {
      if (!json && Deno.stderr.isTerminal()) {
        const shown = text === undefined ? "" : `qpq: ${printable(text)} …`;
        Deno.stderr.writeSync(encoder.encode(clearLine + shown));
      }
    },
  };
}

/** Writes the whole of a text, in UTF-8. */
export async function writeAll(to: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(await to.write(rest));
}

/**
 * C0 and C1 control characters, line and paragraph separators, and characters that change the writing
 * direction.
 */
// deno-lint-ignore no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Removes characters that control a terminal or end the line from foreign text. */
export function printable(text: string): string {
  return text.replace(steering, "\ufffd");
}

/** Two spaces, other spaces, quotes and colons part what `qpq` prints: a title that has them stands in quotes. */
const parting = new RegExp(`[":\\\\\ufe55\uff1a${blankLetters}]|(?! )\\p{Z}| {2}|^[ *(]|^$| $`, "u");

/** @returns a group's title, safe for a terminal; in quotes where it could be taken for something else of its line */
export function shownTitle(title: string): string {
  const safe = printable(title);
  return parting.test(safe) ? `"${safe.replaceAll(/["\\]/g, "\\$&")}"` : safe;
}

/**
 * As {@link printable} for a text of several lines. All lines but the first are indented, so that none looks like
 * output of qpq itself.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printableColumns).join("\n    ");
}

const printableColumns = (line: string) => line.split("\t").map(printable).join("\t");

/** Prints a warning to standard error. */
export function warn(text: string): void {
  console.error(`qpq: warning: ${printable(text)}`);
}

/** Escapes those characters in JSON. */
function jsonLine(record: OutputRecord): string {
  return JSON.stringify(record).replace(steering, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
