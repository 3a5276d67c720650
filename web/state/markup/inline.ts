/**
 * The formatting inside of a block: code, links and mentions, and the marks between them. Pure, and linear in the
 * text's length.
 */

import { type FoundLink, linksIn } from "../message_links.ts";
import { MarkPairs } from "./mark_pairs.ts";
import type { Inline } from "./tokens.ts";

/** @returns the mentions of a text in their order, by UTF-16 units */
export type MentionFinder = (text: string) => { start: number; end: number; username: string }[];

/** Something that no mark can cut. */
interface Atom {
  start: number;
  end: number;
  inline: Inline;
}

/** Runs of signs, and the empty line that ends what is open (CommonMark: a mark stays within its paragraph). */
const signs = /\*+|_+|~+|\n[ \t]*\n/g;
const longestCodeRun = 3;

/** Characters that turn letters round, those of the app behind them as well. They change no letter. */
const overrides = /[\u202d\u202e]/g;

/** @returns a text as it is shown: without characters that would turn round what stands behind it */
export function shownText(text: string): string {
  return text.replace(overrides, "");
}

/** @returns the parts of one block's text */
export function inlineOf(text: string, mentions: MentionFinder): Inline[] {
  const pairs = new MarkPairs();
  const runs = [...text.matchAll(signs)];
  let [done, next] = [0, 0];
  const put = (end: number) => {
    if (end > done) pairs.put({ kind: "text", text: shownText(text.slice(done, end)) });
    done = end;
  };

  /** Takes what lies between two atoms. */
  function between(end: number): void {
    while (next < runs.length && runs[next].index < done) next++;
    for (; next < runs.length && runs[next].index + runs[next][0].length <= end; next++) {
      const { index, 0: run } = runs[next];
      put(index);
      if (run[0] === "\n") {
        pairs.endParagraph();
        put(index + run.length);
      } else {
        done = index + run.length;
        pairs.take(run, text[index - 1] === "\\" ? noSide : sidesOf(text, index, done));
      }
    }
    put(end);
  }

  for (const atom of atomsOf(text, mentions)) {
    between(atom.start);
    pairs.put(atom.inline);
    done = atom.end;
  }
  between(text.length);
  return pairs.tree();
}

/** Code comes first, then links, then mentions: in one of them there is no other. */
function atomsOf(text: string, mentions: MentionFinder): Atom[] {
  const link = ({ start, end, text: shown, href, host }: FoundLink): Atom => ({
    start,
    end,
    inline: { kind: "link", text: shown, href, ...(host && { host }) },
  });
  const mention = ({ start, end, username }: ReturnType<MentionFinder>[number]): Atom => ({
    start,
    end,
    inline: { kind: "mention", text: text.slice(start, end), username },
  });
  const code = codeIn(text);
  const linked = merged(code, linksIn(text).map(link));
  return merged(linked, mentions(text).map(mention));
}

/** @returns both in order, without those of `more` that overlap one of `atoms`; both are ordered */
function merged(atoms: Atom[], more: Atom[]): Atom[] {
  const all: Atom[] = [];
  let next = 0;
  for (const atom of more) {
    while (next < atoms.length && atoms[next].end <= atom.start) all.push(atoms[next++]);
    if (next === atoms.length || atoms[next].start >= atom.end) all.push(atom);
  }
  return [...all, ...atoms.slice(next)];
}

/** Stretches between two runs of as many backticks, within a line. */
function codeIn(text: string): Atom[] {
  const found: Atom[] = [];
  if (!text.includes("`")) return found;
  const runs = [...text.matchAll(/`+|\n/g)].map((match) => ({ at: match.index, run: match[0] }));
  const nextOf = new Array<number>(runs.length);
  // From the end, so that each run knows the next of its length in its line at once.
  let seen = new Map<number, number>();
  for (let index = runs.length - 1; index >= 0; index--) {
    const { run } = runs[index];
    if (run === "\n") seen = new Map();
    else {
      nextOf[index] = seen.get(run.length) ?? -1;
      seen.set(run.length, index);
    }
  }
  for (let index = 0; index < runs.length; index++) {
    const { at, run } = runs[index];
    const next = run === "\n" || run.length > longestCodeRun ? -1 : nextOf[index];
    if (next < 0) continue;
    const inner = text.slice(at + run.length, runs[next].at);
    if (inner.trim() === "") continue;
    found.push({ start: at, end: runs[next].at + run.length, inline: { kind: "code", text: shownText(inner) } });
    index = next;
  }
  return found;
}

/** Letters of scripts that put no spaces between words: there a mark may stand inside of a word. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const letter = /[\p{L}\p{N}\p{M}]/u;
const isInWord = (character: string) => letter.test(character) && !unspaced.test(character);
const isSpace = (character: string) => character === "" || /\s/.test(character);

const noSide = { opens: false, closes: false };

/** Whether a run of signs can open or close: at the edge of a word, so that `2*3*4` and `snake_case` stay. */
function sidesOf(text: string, start: number, end: number): { opens: boolean; closes: boolean } {
  const before = lastCharacter(text, start);
  const after = end < text.length ? String.fromCodePoint(text.codePointAt(end)!) : "";
  return {
    opens: !isSpace(after) && !isInWord(before),
    closes: !isSpace(before) && !isInWord(after),
  };
}

function lastCharacter(text: string, end: number): string {
  const pair = text.slice(Math.max(0, end - 2), end);
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : pair.slice(-1);
}
