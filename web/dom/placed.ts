/**
 * Puts an element of the top layer at a place. The page has no style attributes (Content-Security-Policy), so the place
 * is a rule of a constructed style sheet.
 */

import { type Box, placeBeside } from "../state/placement.ts";

let sheet: CSSStyleSheet | undefined;

/** Gives the element with the class "placed" a place beside what opened it; one at a time is open. */
export function placeElement(element: HTMLElement, anchor: Box): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
  }
  const { width, height } = element.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const isRightToLeft = getComputedStyle(element).direction === "rtl";
  const screen = { width: clientWidth, height: clientHeight };
  const { left, top } = placeBeside(anchor, { width, height }, screen, isRightToLeft);
  sheet.replaceSync(`.placed { inset: ${top}px auto auto ${left}px; }`);
}
