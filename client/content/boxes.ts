/** The boxes that a film is made of (ISO/IEC 14496-12 §4.2): where they begin and end. Pure. */

import type { Bytes } from "../../schema/bytes.ts";

/** Places are bytes from the start of what it was found in. */
export interface Box {
  type: string;
  at: number;
  /** Where its content begins. */
  body: number;
  end: number;
}

/** Bytes of the longest head that is read: a size of 64 bits. */
export const boxHeadBytes = 16;

/** @returns four letters at a place */
export function typeAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/**
 * @param head the bytes at the place `at`, {@link boxHeadBytes} or all that are left
 * @param end where what has the box ends
 * @param isTop a box of the file itself, which may have no size: it goes to the end
 * @returns undefined where it says an end that can not be
 */
export function boxAt(head: Uint8Array, at: number, end: number, isTop: boolean): Box | undefined {
  if (head.length < 8) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const [type, stated] = [typeAt(head, 4), view.getUint32(0)];
  if (stated === 0) return isTop ? { type, at, body: at + 8, end } : undefined;
  if (stated === 1 && head.length < boxHeadBytes) return undefined;
  const [length, headLength] = stated === 1 ? [Number(view.getBigUint64(8)), boxHeadBytes] : [stated, 8];
  return length >= headLength && length <= end - at ? { type, at, body: at + headLength, end: at + length } : undefined;
}

/** @returns the boxes of a box, without those in them; undefined where they are more than `most`, or not as they say */
export function boxesIn(bytes: Bytes, { body, end }: Pick<Box, "body" | "end">, most: number): Box[] | undefined {
  const found: Box[] = [];
  for (let at = body; at < end;) {
    const box = boxAt(bytes.subarray(at, Math.min(at + boxHeadBytes, end)), at, end, false);
    if (!box || found.length === most) return undefined;
    found.push(box);
    at = box.end;
  }
  return found;
}
