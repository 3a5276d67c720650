/** Long messages are shown in part, until the user asks for the rest. Pure. */

/** Lines of a message that are shown at first. */
const shownLines = 24;
/** A message of a few lines more is shown whole: the button would take their place. */
const wholeLines = 30;

/** @returns the first lines of a text that has many; undefined for one that is shown whole */
export function headOf(text: string): string | undefined {
  let end = -1;
  let head = -1;
  for (let lines = 1; lines <= wholeLines; lines++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0) return undefined;
    if (lines === shownLines) head = end;
  }
  return text.slice(0, head);
}
