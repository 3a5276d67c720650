/** The room that a picture gets before it is there. What its sender says of its size is bounded. Pure. */

import type { PictureSize } from "../../client/content/picture_header.ts";

/** CSS pixels. */
const most: PictureSize = { width: 340, height: 380 };
const least: PictureSize = { width: 150, height: 110 };
const unknown: PictureSize = { width: 280, height: 210 };
const flattest = 2.4;
const steepest = 0.6;

/**
 * @param given as the message has it
 * @returns the size in CSS pixels: of the picture's shape, where that is neither a thread nor a pole; a small picture
 *   is not drawn larger than it is, but for a least size that a finger meets
 */
export function shownSize({ width, height }: Partial<PictureSize>): PictureSize {
  if (!isCount(width) || !isCount(height)) return unknown;
  const ratio = Math.min(flattest, Math.max(steepest, width / height));
  const wide = Math.min(most.width, most.height * ratio, Math.max(width, least.width, least.height * ratio));
  return { width: Math.round(wide), height: Math.round(wide / ratio) };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 1;
}
