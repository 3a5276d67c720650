/**
 * Reads the formatting of a message: the safe part of Markdown (decision 055). Pure, linear in the text's length, and
 * never nested deeper than there are marks. Of a text nothing is lost but the signs of its formatting.
 */

import { inlineOf, type MentionFinder, shownText } from "./inline.ts";
import type { Inline } from "./tokens.ts";

export type { Inline } from "./tokens.ts";

export interface ListItem {
  /** 0 to {@link deepestLevel}, by how far it is indented. */
  level: number;
  /** What stands before it: "•", or a number as it was written, as "3.". */
  marker: string;
  parts: Inline[];
}

export type Block =
  | { kind: "text"; parts: Inline[] }
  | { kind: "quote"; parts: Inline[] }
  | { kind: "code"; text: string; /** As it was written; may be empty. */ language: string }
  | { kind: "list"; items: ListItem[] };

const fence = /^ {0,3}(`{3,})[ \t]*([\w+#.-]{0,20})[ \t]*$/;
const quoteLine = /^>(?: |$)/;
const listLine = /^([ \t]{0,12})([-*]|\d{1,3}[.)])[ \t]+(?=\S)/;
const deepestLevel = 2;
const indentOfLevel = 2;

/**
 * @param text what somebody wrote
 * @param mentions finds the names of people in a stretch of it
 * @returns at least one block for a text that is not empty
 */
export function markupOf(text: string, mentions: MentionFinder = () => []): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let plain: string[] = [];

  function endPlain(): void {
    const isAll = plain.length === lines.length;
    const stretch = isAll ? text : withoutBlankEnds(plain).join("\n");
    if (stretch !== "") blocks.push({ kind: "text", parts: inlineOf(stretch, mentions) });
    plain = [];
  }

  for (let at = 0; at < lines.length;) {
    const end = endOfBlock(lines, at);
    if (end === at) {
      plain.push(lines[at++]);
      continue;
    }
    endPlain();
    blocks.push(blockOf(lines.slice(at, end), mentions));
    at = end;
  }
  endPlain();
  return blocks;
}

/** @returns the index behind the block that begins with this line; the line's own where none does */
function endOfBlock(lines: string[], start: number): number {
  const opening = fence.exec(lines[start]);
  if (opening) {
    const closes = new RegExp(`^ {0,3}\`{${opening[1].length},}[ \\t]*$`);
    for (let at = start + 1; at < lines.length; at++) if (closes.test(lines[at])) return at + 1;
    // One that was cut off, or is still being written, is code up to its end.
    return lines.length;
  }
  const form = [quoteLine, listLine].find((form) => form.test(lines[start]));
  let end = start;
  while (form && end < lines.length && form.test(lines[end])) end++;
  return end;
}

function blockOf(lines: string[], mentions: MentionFinder): Block {
  const opening = fence.exec(lines[0]);
  if (opening) {
    const isClosed = lines.length > 1 && fence.exec(lines.at(-1)!)?.[2] === "" &&
      lines.at(-1)!.trim().length >= opening[1].length;
    const text = shownText(lines.slice(1, isClosed ? -1 : undefined).join("\n"));
    return { kind: "code", text, language: opening[2] };
  }
  if (quoteLine.test(lines[0])) {
    return { kind: "quote", parts: inlineOf(lines.map((line) => line.replace(/^> ?/, "")).join("\n"), mentions) };
  }
  return { kind: "list", items: lines.map((line) => itemOf(line, mentions)) };
}

function itemOf(line: string, mentions: MentionFinder): ListItem {
  const [start, indent, sign] = listLine.exec(line)!;
  const width = indent.replaceAll("\t", "  ").length;
  return {
    level: Math.min(deepestLevel, Math.floor(width / indentOfLevel)),
    marker: sign === "-" || sign === "*" ? "•" : sign,
    parts: inlineOf(line.slice(start.length), mentions),
  };
}

/** Empty lines beside a block would double the space that it has already. */
function withoutBlankEnds(lines: string[]): string[] {
  const isFull = (line: string) => line.trim() !== "";
  const first = lines.findIndex(isFull);
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex(isFull) + 1);
}
