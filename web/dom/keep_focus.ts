/** The focus in lists whose rows change places. */

import { createComputed, createEffect } from "solid-js";

/**
 * A row that moves is taken out of the page and put in again, and the browser takes the focus from it. Here it comes
 * back to what had it.
 *
 * @param place the list
 * @param order is read for each change of the rows' places
 */
export function keepFocus(place: () => HTMLElement | undefined, order: () => unknown): void {
  let focused: Element | null = null;
  // Before the rows move …
  createComputed(() => {
    order();
    focused = place()?.contains(document.activeElement) ? document.activeElement : null;
  });
  // … and after.
  createEffect(() => {
    order();
    if (!(focused instanceof HTMLElement) || !focused.isConnected || document.activeElement === focused) return;
    focused.focus({ preventScroll: true });
  });
}
