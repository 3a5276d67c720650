/** The one thing of a picture's metadata that its look needs: how it is turned (Exif 2.32 §4.6.4, tag 0x0112). Pure. */

/** 1 to 8; 1: as it lies. */
export type Orientation = number;

const orientationTag = 0x0112;
/** Entries of a directory that are looked at: cameras write some dozens. */
const mostEntries = 512;

/**
 * @param tiff what follows "Exif\0\0" in a JPEG, or the whole of an EXIF chunk
 * @returns 1 where it says nothing that can be believed
 */
export function orientationOf(tiff: Uint8Array): Orientation {
  if (tiff.length < 14) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return 1;
  const little = mark === 0x4949;
  const first = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || first + 2 > tiff.length) return 1;
  const count = Math.min(view.getUint16(first, little), mostEntries);
  for (let at = first + 2; at < first + 2 + count * 12 && at + 12 <= tiff.length; at += 12) {
    if (view.getUint16(at, little) !== orientationTag) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** @returns whether width and height change places */
export function isTurned(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** @returns a segment of a JPEG that says this and nothing else */
export function orientationSegment(orientation: Orientation): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...[0xff, 0xe1, 0, 34],
    ...[0x45, 0x78, 0x69, 0x66, 0, 0], // "Exif\0\0"
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8], // big-endian TIFF, its directory at 8
    ...[0, 1], // one entry
    ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0], // one SHORT
    ...[0, 0, 0, 0], // no other directory
  ]);
}
