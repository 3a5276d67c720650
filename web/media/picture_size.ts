/** Which pictures are drawn: none that would fill the memory, though its file is small. */

import { maxPicturePixels, type PictureSize, readPictureHeader } from "../../client/content/picture_header.ts";

/**
 * @param type one of `inertType`
 * @param bytes of the whole picture
 * @returns its size in pixels; undefined where its header is not as the format says, or is of another format
 */
export function pictureSize(type: string, bytes: Uint8Array): PictureSize | undefined {
  const header = readPictureHeader(bytes);
  return header && `image/${header.format}` === type ? { width: header.width, height: header.height } : undefined;
}

/** @returns whether a picture may be drawn */
export function isDrawable(type: string, bytes: Uint8Array): boolean {
  const size = pictureSize(type, bytes);
  return size !== undefined && size.width * size.height <= maxPicturePixels;
}
