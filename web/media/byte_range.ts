/** Ranges of bytes in requests (RFC 9110 §14): players ask for parts of a file. Pure. */

/** From `start` on, before `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * @param header of the request, or null
 * @param size of the whole, bytes
 * @returns the range; undefined for the whole, also where the header is not understood or names several ranges (§14.2
 *   lets a server ignore it); "unsatisfiable" where nothing of it is there
 */
export function byteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const [from, to] = [Number(first), Number(last)];
  if (first === "") {
    // The last bytes, of which there may be fewer.
    return to === 0 || size === 0 ? "unsatisfiable" : { start: Math.max(0, size - to), end: size };
  }
  if (last !== "" && to < from) return undefined;
  if (from >= size) return "unsatisfiable";
  return { start: from, end: last === "" ? size : Math.min(to + 1, size) };
}

/** @returns the value of `Content-Range` */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}
