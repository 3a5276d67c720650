/**
 * Pairs the signs that open and close a mark. Each sign is open once at most, so the time is linear, and nothing is
 * nested deeper than there are signs. Pure.
 */

import type { Inline, Mark } from "./tokens.ts";

type Piece =
  | { inline: Inline }
  /** `partner`: index of the piece that closes it. */
  | { sign: string; mark: Mark; partner?: number };

const marks: Record<string, Mark> = { "*": "italic", _: "italic", "**": "bold", __: "bold", "~~": "strike" };

/** Takes the parts of one block in their order. A sign without a partner stays as it is written. */
export class MarkPairs {
  readonly #pieces: Piece[] = [];
  /** Outermost first. */
  #open: { sign: string; at: number }[] = [];

  put(inline: Inline): void {
    this.#pieces.push({ inline });
  }

  /** What is open can not be closed any more. */
  endParagraph(): void {
    this.#open = [];
  }

  /** @param run the same sign once or more @param sides what it may be by the characters beside it */
  take(run: string, sides: { opens: boolean; closes: boolean }): void {
    const single = run[0];
    if (run.length === 3 && single !== "~") return this.#takeTriple(single, sides);
    if (Object.hasOwn(marks, run)) {
      if (sides.closes && this.#close(run)) return;
      if (sides.opens) return this.#opens(run);
    }
    this.put({ kind: "text", text: run });
  }

  /** "***" is a bold and an italic sign, in the order of what is open. */
  #takeTriple(single: string, sides: { opens: boolean; closes: boolean }): void {
    const double = single + single;
    const last = this.#open.findLast(({ sign }) => sign === single || sign === double)?.sign;
    const signs = last === double ? [double, single] : [single, double];
    const left = sides.closes ? signs.filter((sign) => !this.#close(sign)) : signs;
    if (left.length === 2 && sides.opens) [double, single].forEach((sign) => this.#opens(sign));
    else for (const sign of left) this.put({ kind: "text", text: sign });
  }

  /** @returns the parts, those of a mark inside of it */
  tree(): Inline[] {
    return this.#treeOf(0, this.#pieces.length);
  }

  /** Closes the sign, if it is open. What was opened after it stays as it is written. */
  #close(sign: string): boolean {
    const place = this.#open.findLastIndex((entry) => entry.sign === sign);
    if (place < 0) return false;
    const opened = this.#pieces[this.#open[place].at];
    if ("sign" in opened) opened.partner = this.#pieces.length;
    this.#pieces.push({ sign, mark: marks[sign] });
    this.#open.length = place;
    return true;
  }

  /** The later of two opening signs counts, as in CommonMark. */
  #opens(sign: string): void {
    this.#open = this.#open.filter((entry) => entry.sign !== sign);
    this.#open.push({ sign, at: this.#pieces.length });
    this.#pieces.push({ sign, mark: marks[sign] });
  }

  #treeOf(from: number, to: number): Inline[] {
    const parts: Inline[] = [];
    for (let at = from; at < to; at++) {
      const piece = this.#pieces[at];
      if ("inline" in piece) add(parts, piece.inline);
      else if (piece.partner === undefined) add(parts, { kind: "text", text: piece.sign });
      else {
        parts.push({ kind: piece.mark, parts: this.#treeOf(at + 1, piece.partner) });
        at = piece.partner;
      }
    }
    return parts;
  }
}

function add(parts: Inline[], inline: Inline): void {
  const last = parts.at(-1);
  if (last?.kind === "text" && inline.kind === "text") last.text += inline.text;
  else parts.push(inline);
}
