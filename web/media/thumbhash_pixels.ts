/** The blurred small picture that comes with a message. Hostile ones are no pictures. */

import { thumbHashToApproximateAspectRatio, thumbHashToRGBA } from "thumbhash";

/** Of a thumbhash: 5 bytes and its factors. */
const least = 5;
const most = 100;
/** The package draws 32 pixels at the longer side. */
const longest = 32;

export interface Pixels {
  width: number;
  height: number;
  /** 4 bytes a pixel. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** @returns the pixels; undefined for what is no thumbhash, also one whose sides are none */
export function thumbhashPixels(hash: Uint8Array | undefined): Pixels | undefined {
  if (!hash || hash.length < least || hash.length > most) return undefined;
  const ratio = thumbHashToApproximateAspectRatio(hash);
  // Sides of zero to seven parts: a quotient of zero, and none.
  if (!Number.isFinite(ratio) || ratio * longest < 1 || longest / ratio < 1) return undefined;
  const { w: width, h: height, rgba } = thumbHashToRGBA(hash);
  return { width, height, rgba: new Uint8ClampedArray(rgba) };
}
