/**
 * Gathers what comes faster than the page draws. Making rows, and the frame that lays them out, are tasks of their own:
 * a key waits for one of them at most.
 */

import { afterNextFrame } from "../dom/next_frame.ts";

/** As many new rows as a page draws without keeping a key waiting (a row took 1 to 2 ms). */
const mostInFrame = 8;
/** Of more, most are out of view again before the reader sees them: they are drawn as one change. */
const mostWaiting = 64;

export interface FrameGather<Item> {
  /** What comes goes on at once, up to 8 items. What follows goes on behind the next frames, 8 at a time. */
  add(items: readonly Item[]): void;
  /** What waits goes on now: something that comes behind it must find it done. */
  flush(): void;
  /** What waits goes nowhere. */
  close(): void;
}

/** @param apply takes what came, in its order */
export function gatherFrames<Item>(apply: (items: Item[]) => void): FrameGather<Item> {
  let waiting: Item[] = [];
  /** Undefined: nothing has gone on since the last frame. */
  let cancel: (() => void) | undefined;

  function goOn(most: number): void {
    const items = waiting.slice(0, most);
    waiting = waiting.slice(most);
    if (items.length > 0) apply(items);
  }

  function frame(): void {
    cancel = waiting.length > 0 ? afterNextFrame(frame) : undefined;
    goOn(waiting.length > mostWaiting ? Infinity : mostInFrame);
  }

  return {
    add(items) {
      waiting = [...waiting, ...items];
      if (!cancel) frame();
    },
    flush: () => goOn(Infinity),
    close: () => cancel?.(),
  };
}
