/** Cuts out of a message what a list of results shows: the surroundings of the first match, in one line. */

import type { Range } from "./query.ts";

/** The longest excerpt, in UTF-16 units, without the signs that something was left out. */
export const maxExcerpt = 160;
/** How much of the text stands before the first match, in UTF-16 units. */
const before = 40;
/** Within this distance, a cut goes to a space, in UTF-16 units. */
const toSpace = 16;

/**
 * @param ranges of the matches in the text, in order
 * @returns the excerpt, and the matches in it
 */
export function excerptOf(text: string, ranges: Range[]): { text: string; ranges: Range[] } {
  const first = ranges[0]?.[0] ?? 0;
  const start = text.length <= maxExcerpt || first <= before ? 0 : startNear(text, first - before, first);
  const end = Math.min(text.length, endNear(text, start + maxExcerpt));
  const lead = start > 0 ? "…" : "";
  const shift = lead.length - start;
  return {
    // A line break is one unit, as a space is: places stay.
    text: `${lead}${text.slice(start, end).replace(/\s/gu, " ")}${end < text.length ? "…" : ""}`,
    ranges: ranges.filter(([from]) => from >= start && from < end).map(([from, to]) => [
      from + shift,
      Math.min(to, end) + shift,
    ]),
  };
}

function startNear(text: string, wanted: number, latest: number): number {
  for (let at = wanted; at < Math.min(latest, wanted + toSpace); at++) if (/\s/u.test(text[at])) return at + 1;
  return whole(text, wanted);
}

function endNear(text: string, wanted: number): number {
  if (wanted >= text.length) return text.length;
  for (let at = wanted; at > wanted - toSpace; at--) if (/\s/u.test(text[at])) return at;
  return whole(text, wanted);
}

/** Not into the middle of a character that takes two units. */
function whole(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? "") ? at - 1 : at;
}
