/** What goes to standard output: lines for people, or one JSON object a line. All else goes to standard error. */

import type { OutputRecord } from "./records.ts";

const encoder = new TextEncoder();

/** Back to the start of the terminal's line, and nothing on it. */
const clearLine = "\r\x1b[K";

export interface Output {
  /**
   * One result: `text` for people (none: they are told nothing), `record` for programs. Resolves when it is
   * written.
   */
  line(text: string | undefined, record: OutputRecord): Promise<void>;
  /** What happens meanwhile, for people at a terminal. */
  note(text: string): void;
  /** How far something is, there in one line that is rewritten; undefined: it is done, and the line goes. */
  progress(text: string | undefined): void;
}

/** @param json one JSON object a line instead of text @returns standard output for results, standard error for notes */
export function makeOutput(json: boolean): Output {
  return {
    line: async (text, record) => {
      if (json) await writeAll(`${jsonLine(record)}\n`);
      // Foreign text in it is printable already; this is for the place where somebody forgot.
      else if (text !== undefined) await writeAll(`${text.split("\n").map(printableColumns).join("\n")}\n`);
    },
    note: (text) => {
      if (!json && Deno.stderr.isTerminal()) console.error(`${clearLine}qpq: ${printable(text)}`);
    },
    progress: (text) => {
      if (!json && Deno.stderr.isTerminal()) {
        Deno.stderr.writeSync(encoder.encode(text === undefined ? clearLine : `${clearLine}qpq: ${printable(text)} …`));
      }
    },
  };
}

async function writeAll(text: string): Promise<void> {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

/** C0 and C1 control characters, line and paragraph separators, and characters that turn the direction of writing. */
// deno-lint-ignore no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Takes what could steer a terminal, or end the line, out of foreign text. */
export function printable(text: string): string {
  return text.replace(steering, "\ufffd");
}

/**
 * The same for a text of several lines: the further ones are indented, so that none can pass for a line of
 * qpq's own.
 */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printableColumns).join("\n    ");
}

const printableColumns = (line: string) => line.split("\t").map(printable).join("\t");

/** Something that the user should know and that ends nothing. */
export function warn(text: string): void {
  console.error(`qpq: warning: ${printable(text)}`);
}

/** JSON says the same with those characters escaped. */
function jsonLine(record: OutputRecord): string {
  return JSON.stringify(record).replace(steering, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
