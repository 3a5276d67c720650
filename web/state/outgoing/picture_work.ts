/** Decoding and drawing pictures: never one that would take the device's memory. In the page: both run beside it. */

import { rgbaToThumbHash } from "thumbhash";
import type { AttachmentInfo } from "../../../client/api/attachments.ts";
import {
  headBytes,
  maxPicturePixels,
  type PictureHeader,
  readPictureHeader,
} from "../../../client/content/picture_header.ts";
import { maxPictureBytes } from "../../../client/content/strip_metadata.ts";

/** A thumbhash is made of no more (evanw/thumbhash). */
const thumbhashEdge = 100;
/** Of the small picture that is shown before sending: twice its size on the screen. */
const previewEdge = 144;

export type Shown = Pick<AttachmentInfo, "width" | "height" | "thumbhash">;

/** @returns what its first bytes say; undefined for what is no picture */
export async function headerOf(file: Blob): Promise<PictureHeader | undefined> {
  return readPictureHeader(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()));
}

/** @returns whether decoding it is harmless */
export function isDecodable({ width, height }: Pick<PictureHeader, "width" | "height">, bytes: number): boolean {
  return width * height <= maxPicturePixels && bytes <= maxPictureBytes;
}

/** Decodes a picture as it is shown: turned. The caller has judged its header. @throws DOMException */
export function decode(picture: Blob): Promise<ImageBitmap> {
  return createImageBitmap(picture, { imageOrientation: "from-image" });
}

/** @param edge the longest one of what comes out, in pixels; smaller pictures keep their size */
export function draw(picture: ImageBitmap, edge: number): OffscreenCanvas {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
  const sizeOf = (length: number) => Math.max(1, Math.round(length * scale));
  const canvas = new OffscreenCanvas(sizeOf(picture.width), sizeOf(picture.height));
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @returns whether something shines through; asked of a smaller picture, in which a trace of it is left */
export function isTransparent(picture: ImageBitmap): boolean {
  const { data } = pixelsOf(draw(picture, 512));
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true;
  return false;
}

/** @returns what stands in for the picture until it is there */
export function shownOf(picture: ImageBitmap): Shown {
  const { width, height } = picture;
  const small = pixelsOf(draw(picture, thumbhashEdge));
  return { width, height, thumbhash: new Uint8Array(rgbaToThumbHash(small.width, small.height, small.data)) };
}

/** @returns a small picture for the page */
export function previewOf(picture: ImageBitmap): Promise<Blob> {
  return draw(picture, previewEdge).convertToBlob({ type: "image/webp" });
}

function pixelsOf(canvas: OffscreenCanvas): ImageData {
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
}
