/** Files with the head of a picture: what the engine looks at. */

import { type Bytes, concat, utf8 } from "../../schema/bytes.ts";

/** @returns a WebP (RFC 9649 §2.5) of that size and length, with chance in it */
export function somePicture(length = 3_000, width = 512, height = width): Bytes {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint16(0, width, true);
  new DataView(size.buffer).setUint16(2, height, true);
  const start = concat(utf8("RIFF"), new Uint8Array(4), utf8("WEBPVP8 "), new Uint8Array(10), size);
  const rest = new Uint8Array(length - start.length);
  for (let at = 0; at < rest.length; at += 65_536) crypto.getRandomValues(rest.subarray(at, at + 65_536));
  return concat(start, rest);
}
