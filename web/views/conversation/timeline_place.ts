/**
 * Keeps the reader's place in a list of rows of which those in view are drawn. Where all that changes is above the row
 * in view, the list counts from its end (`shift`); where more changes at once, the row is scrolled to where it was.
 */

import { type Accessor, createMemo } from "solid-js";
import type { VirtualizerHandle } from "virtua/solid";
import type { Row } from "../../state/timeline_rows.ts";

/** Rows in view that are remembered: the first of them may be another row after the change. */
const rememberedRows = 6;
/** Rows that follow the newest line, and for how many new ones below none of them goes. */
const mostFollowing = 100;
const mostAddedBelow = 8;

interface Anchor {
  key: string;
  index: number;
  /** Its place below the upper edge of the view, in CSS pixels. */
  at: number;
}

export interface Place {
  rows: Accessor<Row[]>;
  /** Whether the list counts from its end for the present change. */
  shift: Accessor<boolean>;
  /** By index: what was drawn down to the newest line before the present change, but for what is far above by now. */
  following: Accessor<number[]>;
  /** After the rows have changed: the row that was in view is where it was. */
  restore(): void;
}

/**
 * @param list the list that draws the rows, once it is there
 * @param bufferPx how far above the view rows are drawn, in CSS pixels
 * @param isFollowing whether the reader is at the newest line; asked at each change
 */
export function createPlace(
  rows: Accessor<Row[]>,
  list: () => VirtualizerHandle | undefined,
  bufferPx: number,
  isFollowing: () => boolean,
): Place {
  let anchors: Anchor[] = [];

  /** Before the list takes the change: it still has the places of the rows before. */
  function anchorsOf(before: readonly Row[]): Anchor[] {
    const known = list();
    if (!known || before.length === 0) return [];
    const first = known.findItemIndex(known.scrollOffset);
    return before.slice(first, first + rememberedRows).map(({ key }, count) => ({
      key,
      index: first + count,
      at: known.getItemOffset(first + count) - known.scrollOffset,
    }));
  }

  function followingOf(before: readonly Row[], now: readonly Row[]): number[] {
    const known = list();
    const drawn = known ? before.length - known.findItemIndex(known.scrollOffset - bufferPx) : 0;
    const added = Math.max(0, now.length - before.length);
    const from = now.length - Math.min(drawn + Math.min(added, mostAddedBelow), mostFollowing, now.length);
    // Of many that come at once, the list draws what is in view.
    return Array.from({ length: Math.max(0, now.length - added - from) }, (_, count) => from + count);
  }

  const state = createMemo<{ rows: Row[]; shift: boolean; moved: number; following: number[] }>((before) => {
    const now = rows();
    const following = isFollowing() ? followingOf(before.rows, now) : [];
    anchors = anchorsOf(before.rows);
    const places = new Map(anchors.length > 0 ? now.map(({ key }, index) => [key, index]) : []);
    anchors = anchors.filter(({ key }) => places.has(key));
    const [anchor] = anchors;
    const moved = anchor ? places.get(anchor.key)! - anchor.index : 0;
    return { rows: now, shift: moved !== 0 && moved === now.length - before.rows.length, moved, following };
  }, { rows: [], shift: false, moved: 0, following: [] });

  return {
    rows: () => state().rows,
    shift: () => state().shift,
    following: () => state().following,
    restore() {
      const [known, [anchor]] = [list(), anchors];
      const { rows: now, shift, moved } = state();
      if (!known || !anchor || shift || moved === 0) return;
      const index = now.findIndex(({ key }) => key === anchor.key);
      known.scrollTo(known.getItemOffset(index) - anchor.at);
    },
  };
}
