/** Where a menu stands beside what opened it. Pure. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Distance to what opened it, and to the edges of the screen, in CSS pixels. */
const gapPx = 6;
const marginPx = 8;

/**
 * @param anchor what opened it; a point has no size
 * @param size of the menu
 * @param screen the part of the page in view
 * @param rightToLeft the writing direction: the menu begins where the anchor does
 * @returns below the anchor where there is room, else above, and always on the screen
 */
export function placeBeside(
  anchor: Box,
  size: Size,
  screen: Size,
  rightToLeft: boolean,
): { left: number; top: number } {
  const below = anchor.bottom + gapPx;
  const above = anchor.top - gapPx - size.height;
  const fitsBelow = below + size.height <= screen.height - marginPx;
  const isRoomier = screen.height - anchor.bottom >= anchor.top;
  const wanted = rightToLeft ? anchor.right - size.width : anchor.left;
  const flipped = rightToLeft ? anchor.left : anchor.right - size.width;
  const fits = wanted >= marginPx && wanted + size.width <= screen.width - marginPx;
  return {
    left: within(fits ? wanted : flipped, screen.width - size.width),
    top: within(fitsBelow || (above < marginPx && isRoomier) ? below : above, screen.height - size.height),
  };
}

function within(wanted: number, most: number): number {
  return Math.round(Math.max(marginPx, Math.min(wanted, most - marginPx)));
}
