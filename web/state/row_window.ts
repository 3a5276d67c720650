/**
 * Which part of the loaded items is in the document: long conversations stay fluid because only a stretch of
 * them is drawn. Pure.
 */

export interface RowWindow {
  /** Index of the first item drawn. */
  start: number;
  /** Index after the last item drawn. */
  end: number;
}

export const pageItems = 60;
/** Items drawn at most; the far end is taken away beyond it. */
export const mostDrawn = 900;
/** Items drawn while the reader stays at the newest: each frame costs with them. */
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
 * @returns the window of a reader who is at the newest item: what has grown long above is taken away, seldom
 *   and much at once; the same window when it is short
 */
export function restWindow(window: RowWindow): RowWindow {
  return window.end - window.start <= mostAtRest ? window : { start: window.end - 2 * pageItems, end: window.end };
}

/** One page more towards the older end. */
export function growOlder({ start, end }: RowWindow): RowWindow {
  const newStart = Math.max(0, start - pageItems);
  return { start: newStart, end: Math.min(end, newStart + mostDrawn) };
}

/** One page more towards the newer end. */
export function growNewer({ start, end }: RowWindow, count: number): RowWindow {
  const newEnd = Math.min(count, end + pageItems);
  return { start: Math.max(start, newEnd - mostDrawn), end: newEnd };
}

/**
 * @param older items that came in before the window's first one
 * @param count items after the change
 * @param wasAtEnd whether the window showed the newest item: then it goes on showing it
 */
export function afterChange({ start, end }: RowWindow, older: number, count: number, wasAtEnd: boolean): RowWindow {
  if (!wasAtEnd) return { start: start + older, end: Math.min(end + older, count) };
  return { start: Math.max(Math.min(start + older, count), count - mostDrawn, 0), end: count };
}
