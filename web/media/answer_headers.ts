/** The headers of a file that the service worker streams. Pure. */

import type { MediaHead } from "./stream_protocol.ts";
import { type ByteRange, contentRange } from "./byte_range.ts";

/** Whatever a browser takes the bytes for: they run nothing, load nothing, and no other origin has them. */
const inert = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  // A page that requires this of its frames would refuse the answer (HTML standard §7.1.4).
  "cross-origin-embedder-policy": "require-corp",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/**
 * @param range of the whole, or undefined for all of it
 * @returns the headers of an answer with that part
 */
export function answerHeaders(head: MediaHead, range: ByteRange | undefined): Record<string, string> {
  const length = range ? range.end - range.start : head.size;
  return {
    ...inert,
    "content-length": String(length),
    ...(head.saveAs === undefined
      ? { "content-type": head.type, "accept-ranges": "bytes" }
      : { "content-type": "application/octet-stream", "content-disposition": saveAs(head.saveAs) }),
    ...(range && { "content-range": contentRange(range, head.size) }),
  };
}

/** @returns the headers of an answer without content */
export function refusalHeaders(size?: number): Record<string, string> {
  return {
    ...inert,
    "content-type": "text/plain; charset=utf-8",
    ...(size !== undefined && { "content-range": `bytes */${size}` }),
  };
}

/** The extended notation alone (RFC 6266 §4.3, RFC 8187 §3.2): every browser reads it. */
function saveAs(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}
