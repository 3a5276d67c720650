/** Whether this tab is visible, and has been so for long enough that it counts. */

import type { Clock } from "../../client/runtime/clock.ts";

/** How long a tab must be visible or hidden before it may take or give the lead, in ms. */
export const settledMs = 1000;

export interface Visibility {
  /** What the page says of itself. */
  set(isVisible: boolean): void;
  /** The tab has been visible for {@link settledMs}. */
  isVisible(): boolean;
  /** The tab has been hidden for {@link settledMs}. */
  isHidden(): boolean;
}

/**
 * Before the page has said anything, a tab counts as neither visible nor hidden.
 *
 * @param changed told when one of the two answers may be another
 */
export function trackVisibility(clock: Pick<Clock, "after">, changed: () => void): Visibility {
  let visible: boolean | undefined;
  let isSettled = false;
  let cancel = () => {};
  return {
    set(isVisible) {
      if (isVisible === visible) return;
      visible = isVisible;
      isSettled = false;
      cancel();
      cancel = clock.after(settledMs, () => {
        isSettled = true;
        changed();
      });
      changed();
    },
    isVisible: () => isSettled && visible === true,
    isHidden: () => isSettled && visible === false,
  };
}
