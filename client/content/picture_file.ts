/** What a picture of a person or a group may be: a JPEG or a still WebP of bounded size. */

import { maxPictureFileBytes, maxPictureSide } from "../api/profiles_api.ts";
import { type PictureSize, readPictureHeader } from "./picture_header.ts";

/** @returns the size that the head of a file tells; undefined where the file is no picture within the limits */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  if (bytes.length > maxPictureFileBytes) return undefined;
  const header = readPictureHeader(bytes);
  if (!header || header.moves || (header.format !== "jpeg" && header.format !== "webp")) return undefined;
  const { width, height } = header;
  return width <= maxPictureSide && height <= maxPictureSide ? { width, height } : undefined;
}
