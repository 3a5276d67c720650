/** Draws a chosen picture anew as a small square: its turn is kept, and nothing else that the file had beside it. */

import { maxPictureFileBytes } from "../../client/api/profiles_api.ts";
import { EngineError, LocalCode } from "../../client/api/errors.ts";

/** Side of the square, in pixels. */
const side = 512;
/** Tried until the file is small enough. Safari writes no WebP, and then gives a PNG. */
const attempts = [["image/webp", 0.85], ["image/jpeg", 0.85], ["image/jpeg", 0.6], ["image/jpeg", 0.3]] as const;

/** @returns the middle of the picture, as WebP or JPEG @throws EngineError L046 for what is no picture */
export async function drawnPicture(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => undefined);
  if (!bitmap) throw badPicture("the browser can not read it");
  try {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d", { alpha: false })!;
    const edge = Math.min(bitmap.width, bitmap.height);
    const [left, top] = [(bitmap.width - edge) / 2, (bitmap.height - edge) / 2];
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, left, top, edge, edge, 0, 0, side, side);
    for (const [type, quality] of attempts) {
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
      if (blob?.type === type && blob.size <= maxPictureFileBytes) return new Uint8Array(await blob.arrayBuffer());
    }
  } finally {
    bitmap.close();
  }
  throw badPicture("it can not be made small enough");
}

function badPicture(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badPicture, detail });
}
