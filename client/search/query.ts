/**
 * What a user types into the search field: words that must all be there, the last one as a beginning, and phrases in
 * quotes. The index gets an expression that is made of tokens alone, so no input is a mistake.
 */

import { fold, isSingle, type Token, tokensOf } from "./tokens.ts";

/** The longest query, in UTF-16 units; what is behind it is left out. */
export const maxQueryLength = 256;
/** The most words and phrases of a query. */
export const maxTerms = 16;
/** The most tokens of a query: where a script has no spaces, each character is one. */
export const maxQueryTokens = 64;

/** Tokens that must follow each other. */
export interface Term {
  tokens: string[];
  /** The last token is the beginning of a word. */
  isPrefix: boolean;
}

/** Where a match stands, in UTF-16 units: from, and up to. */
export type Range = [start: number, end: number];

const quotes = /["“”„«»「」『』]/;

/** @returns what is searched for; empty where the input has no word */
export function parseQuery(input: string): Term[] {
  const parts = input.slice(0, maxQueryLength).split(quotes);
  const terms: Term[] = [];
  let room = maxQueryTokens;
  const add = (text: string, isPrefix: boolean) => {
    const tokens = tokensOf(text).map((token) => token.text).slice(0, room);
    if (tokens.length === 0 || terms.length === maxTerms) return;
    room -= tokens.length;
    terms.push({ tokens, isPrefix: isPrefix && !isSingle(tokens.at(-1)!) });
  };
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    // Behind an odd number of quotes a phrase runs; one that is not closed is still being typed.
    if (index % 2 === 1) return add(part, isLast);
    const words = part.split(/\s+/u).filter((word) => word !== "");
    words.forEach((word, place) => add(word, isLast && place === words.length - 1));
  });
  return terms;
}

/**
 * @param chat the token of the chat to search in; undefined: all
 * @param sender whose messages alone are wanted; undefined: everybody's
 * @returns the expression for the index: each term in text or sender, and one of them in the text
 */
export function expressionOf(terms: Term[], chat?: string, sender?: string): string {
  const written = terms.map(({ tokens, isPrefix }) => `"${tokens.join(" ")}"${isPrefix ? " *" : ""}`);
  const inText = `body : (${written.join(" OR ")})`;
  const inLine = written.length > 1 ? `{sender body} : (${written.join(" AND ")}) AND ` : "";
  const names = sender === undefined ? [] : tokensOf(sender).map(({ text }) => text);
  const bySender = names.length === 0 ? "" : `sender : "${names.join(" ")}" AND `;
  return `${chat === undefined ? "" : `chat : "${chat}" AND `}${bySender}${inLine}${inText}`;
}

/** @returns where the query's terms stand in a message's text; undefined when the message does not match */
export function matchOf(terms: Term[], text: string, sender: string): Range[] | undefined {
  const [inText, inSender] = [tokensOf(text), tokensOf(sender)];
  const found: Range[] = [];
  for (const term of terms) {
    const ranges = rangesOf(term, text, inText);
    if (ranges.length === 0 && rangesOf(term, sender, inSender).length === 0) return undefined;
    found.push(...ranges);
  }
  return found.length === 0 ? undefined : merged(found);
}

/** How many matches of one message are marked. */
const rangesMarked = 100;

function rangesOf({ tokens, isPrefix }: Term, text: string, words: Token[]): Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at + tokens.length <= words.length && ranges.length < rangesMarked; at++) {
    const matches = tokens.every((token, index) =>
      isPrefix && index === tokens.length - 1
        ? words[at + index].text.startsWith(token)
        : words[at + index].text === token
    );
    if (!matches) continue;
    const [first, last] = [words[at], words[at + tokens.length - 1]];
    ranges.push([first.start, isPrefix ? prefixEnd(text, last, tokens.at(-1)!) : last.end]);
  }
  return ranges;
}

/** @returns where the beginning of a word ends in the text, which may be shorter or longer there than when folded */
function prefixEnd(text: string, { start, end }: Token, prefix: string): number {
  // By halves: a word may have thousands of accents, and each look folds what is before it.
  let [short, at] = [start, end];
  while (at - short > 1) {
    const middle = (short + at) >> 1;
    if (fold(text.slice(start, middle)).length < prefix.length) short = middle;
    else at = middle;
  }
  while (at < end && /^[\p{M}\udc00-\udfff]/u.test(text[at])) at++;
  return at;
}

function merged(ranges: Range[]): Range[] {
  const result: Range[] = [];
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}
