/**
 * What may be put into the field for writing at once. A browser lays the whole text of a field out at each change, so
 * a very long one stops the page. Pure.
 */

/** The longest text of the field, in UTF-8 bytes: as long as a draft. One longer than a message can be shortened. */
export const maxFieldBytes = 64 * 1024;
export const maxFieldLines = 5_000;
/** Chromium puts lines that do not come by its own paste in one by one, each with a layout of the whole. */
const mostLinesByBrowser = 50;

export type Insertion =
  | { kind: "by-browser" }
  /** To be put in at once: `setRangeText`. */
  | { kind: "at-once" }
  | { kind: "too-long"; bytes: number }
  | { kind: "too-many-lines"; lines: number };

const encoder = new TextEncoder();

/**
 * @param rest the field's text without what is selected
 * @param added what is to take the place of the selection
 * @param isPaste the browser's own paste or drop
 */
export function judgeInsertion(rest: string, added: string, isPaste: boolean): Insertion {
  const bytes = bytesOf(rest) + bytesOf(added);
  if (bytes > maxFieldBytes) return { kind: "too-long", bytes: bytesOf(added) };
  const lines = linesOf(added);
  if (linesOf(rest) + lines - 1 > maxFieldLines) return { kind: "too-many-lines", lines };
  return { kind: !isPaste && lines > mostLinesByBrowser ? "at-once" : "by-browser" };
}

/** Of a text that is too long anyway, its length suffices. */
function bytesOf(text: string): number {
  return text.length > maxFieldBytes ? text.length : encoder.encode(text).length;
}

function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
