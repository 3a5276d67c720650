/**
 * The window of loaded items that is in the document. Long conversations stay fast because only this window
 * is drawn. Pure.
 */

export interface RowWindow {
  /** Index of the first item drawn. */
  start: number;
  /** Index after the last item drawn. */
  end: number;
}

export const pageItems = 60;
/** The most items that are drawn. Beyond it, items at the far end are removed. */
export const mostDrawn = 900;
/** The most items that are drawn while the reader is at the newest one. Each frame costs time for them. */
const mostAtRest = 4 * pageItems;

/** @returns a window at the newest end */
export function newestWindow(count: number): RowWindow {
  return { start: Math.max(0, count - pageItems), end: count };
}

/** @returns a window from an item on, of a page at least */
export function windowFrom(index: number, count: number): RowWindow {
  const start = Math.max(0, Math.min(index, count - pageItems));
  return { start, end: Math.min(count, start + mostDrawn) };
}

/**
 * @returns the window of a reader at the newest item. Many items far above are removed at once, but seldom; a
 *   short window stays the same
 */
export function restWindow(window: RowWindow): RowWindow {
  return window.end - window.start <= mostAtRest ? window : { start: window.end - 2 * pageItems, end: window.end };
}

/** Adds one page at the older end. */
export function growOlder({ start, end }: RowWindow): RowWindow {
  const newStart = Math.max(0, start - pageItems);
  return { start: newStart, end: Math.min(end, newStart + mostDrawn) };
}

/** Adds one page at the newer end. */
export function growNewer({ start, end }: RowWindow, count: number): RowWindow {
  const newEnd = Math.min(count, end + pageItems);
  return { start: Math.max(start, newEnd - mostDrawn), end: newEnd };
}

/**
 * @param older items that were loaded before the window's first one
 * @param count items after the change
 * @param wasAtEnd whether the window showed the newest item: then it still shows it afterwards
 */
export function afterChange({ start, end }: RowWindow, older: number, count: number, wasAtEnd: boolean): RowWindow {
  if (!wasAtEnd) return { start: start + older, end: Math.min(end + older, count) };
  return { start: Math.max(Math.min(start + older, count), count - mostDrawn, 0), end: count };
}
