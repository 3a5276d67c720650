/** Long messages are shown in part, until the user asks for the rest. Pure. */

import { cutText } from "../../client/content/visible_text.ts";

/** Lines, and UTF-16 units, of a message that are shown at first. */
const shownLines = 24;
const shownLength = 2_400;
/** A message that is a little longer is shown whole: the button would take the place of the rest. */
const wholeLines = 30;
const wholeLength = 3_000;

/** @returns the beginning of a long text; undefined for one that is shown whole */
export function headOf(text: string): string | undefined {
  const head = firstLines(text) ?? text;
  if (head.length > wholeLength) return firstWords(head);
  return head === text ? undefined : head;
}

/** @returns the first lines of a text that has many; undefined for one that has few */
function firstLines(text: string): string | undefined {
  let end = -1;
  let head = -1;
  for (let lines = 1; lines <= wholeLines; lines++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0) return undefined;
    if (lines === shownLines) head = end;
  }
  return text.slice(0, head);
}

/** Ends between two words, where they are not too long: a web address is not cut in two. */
function firstWords(text: string): string {
  const head = cutText(text, shownLength);
  const end = head.search(/\s\S*$/);
  return end < shownLength / 2 ? head : head.slice(0, end);
}
