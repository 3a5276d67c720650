/**
 * What the palette finds for what is typed. Words match by their beginnings and without case and accents, as in the
 * search (client/search/query.ts): with names that people know, that finds more than single letters do. Pure.
 */

import { matchOf, parseQuery, type Range } from "../../client/search/query.ts";

/** Something that the palette can offer. */
export interface Candidate {
  name: string;
  /** Words that find it as well: the people of a chat. */
  also?: readonly string[];
}

export interface Match<Kind> {
  candidate: Kind;
  /** Where the typed words stand in the name, in UTF-16 units. */
  ranges: Range[];
}

/** What a first sign asks for: ">" commands, "@" people. */
export type PaletteScope = "all" | "commands" | "people";

/** @returns what is asked for, and the words without the sign */
export function scopeOf(typed: string): { scope: PaletteScope; words: string } {
  const text = typed.trimStart();
  if (text.startsWith(">")) return { scope: "commands", words: text.slice(1).trim() };
  if (text.startsWith("@")) return { scope: "people", words: text.slice(1).trim() };
  return { scope: "all", words: text.trim() };
}

/**
 * @param words all of them must begin a word of the name, or of what also finds it; none: everything matches
 * @param most how many are wanted
 * @returns first those whose name begins with the first word, then by name, then the others, else in their order
 */
export function findIn<Kind extends Candidate>(
  candidates: readonly Kind[],
  words: string,
  most: number,
): Match<Kind>[] {
  const wanted = words.split(/\s+/u).filter((word) => word !== "").map(parseQuery).filter((terms) => terms.length > 0);
  if (words.trim() !== "" && wanted.length === 0) return [];
  const ranked = candidates.flatMap((candidate) => {
    const also = (candidate.also ?? []).join("\n");
    const found = wanted.map((terms) => ({ inName: matchOf(terms, candidate.name, ""), terms }));
    if (!found.every(({ inName, terms }) => inName || matchOf(terms, also, ""))) return [];
    const ranges = found.flatMap(({ inName }) => inName ?? []).sort(([a], [b]) => a - b);
    return [{ candidate, ranges: apart(ranges), rank: rankOf(found[0]?.inName) }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, most);
}

function rankOf(first: Range[] | undefined): number {
  return first === undefined ? 2 : first[0]?.[0] === 0 ? 0 : 1;
}

/** Two words may begin the same one. */
function apart(ranges: Range[]): Range[] {
  return ranges.filter(([start], index) => index === 0 || start >= ranges[index - 1][1]);
}
