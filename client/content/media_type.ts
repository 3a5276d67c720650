/** What kind of file a media type stands for. Apart from the container, because the page needs it without one. */

import type { AttachmentKind } from "../api/attachments.ts";

/** @returns a media type without parameters, in small letters; that of bytes where it is none */
export function mediaType(given: string): string {
  const type = given.split(";")[0].trim().toLowerCase();
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/.test(type)
    ? type
    : "application/octet-stream";
}

/** Pictures that every browser draws and that run nothing: no SVG. */
const pictures = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]);

/** Pictures of cameras, whoever knows them: they say where they were taken. */
const cameraTypes = /^image\/(?!svg)/;
const cameraNames = /\.(hei[cf]|avif|jpe?g|jfif|tiff?|dng|cr[23w]|nef|nrw|arw|sr[2f]|raf|orf|rw2|pef|x3f)$/i;

/** @returns whether its type or its name says of a file that it is a picture of a camera, or may be one */
export function isNamedAsPicture(name: string, type: string): boolean {
  return cameraTypes.test(type) || cameraNames.test(name);
}

/** @param isVoice what its sender says: it was spoken for this message */
export function kindOf(type: string, isVoice: boolean): AttachmentKind {
  if (pictures.has(type)) return "image";
  if (type.startsWith("video/")) return "video";
  if (type.startsWith("audio/")) return isVoice ? "voice" : "audio";
  return "file";
}
