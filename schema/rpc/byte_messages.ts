/**
 * The messages that carry nothing but bytes: a Chunk, and a Return of `getBlob`. They are laid out by hand, as the
 * generated writer does it (https://capnproto.org/encoding.html). The generated code copies each piece of a file three
 * times on its way out, and twice on its way in.
 */

import type { Bytes } from "../bytes.ts";

const wordBytes = 8;
/** The kind of a pointer to a list, and the size of its elements that stands for bytes. */
const [listPointer, byteElements] = [1, 2];
const lengthShift = 3;

/** What stands behind the segment table: a pointer to a Chunk, which is one pointer. */
const chunkWords = [1n << 48n];
/** The pointer to a Return, its data (`results`), and the pointer to results that are one pointer. */
const returnWords = [1n << 48n | 1n << 32n, 0n, 1n << 48n];

/** @param bytes 1 byte or more of a streamed body @returns one framed Chunk */
export function encodeChunk(bytes: Uint8Array): Bytes {
  return laidOut(chunkWords, bytes);
}

/** @param bytes 1 byte or more @returns one framed Return, with results that have no other field than these bytes */
export function encodeBytesReturn(bytes: Uint8Array): Bytes {
  return laidOut(returnWords, bytes);
}

/**
 * @param framed a Return whose results have no other field than bytes
 * @returns the bytes, in the memory of `framed`; undefined where it is laid out otherwise, or is no such Return
 */
export function decodeBytesReturn(framed: Bytes): Bytes | undefined {
  const head = 2 + returnWords.length;
  if (framed.length < head * wordBytes) return undefined;
  const view = new DataView(framed.buffer, framed.byteOffset, framed.length);
  const isLaidOut = view.getUint32(0, true) === 0 && view.getUint32(4, true) === framed.length / wordBytes - 1 &&
    returnWords.every((word, index) => view.getBigUint64((1 + index) * wordBytes, true) === word);
  const [pointer, list] = [
    view.getUint32((head - 1) * wordBytes, true),
    view.getUint32((head - 1) * wordBytes + 4, true),
  ];
  const length = list >>> lengthShift;
  const isBytes = pointer === listPointer && (list & (1 << lengthShift) - 1) === byteElements;
  if (!isLaidOut || !isBytes || head * wordBytes + length > framed.length) return undefined;
  return framed.subarray(head * wordBytes, head * wordBytes + length);
}

/** The segment table, the words, a pointer to a list of bytes, the bytes. */
function laidOut(words: readonly bigint[], bytes: Uint8Array): Bytes {
  const head = 2 + words.length;
  const framed = new Uint8Array((head + Math.ceil(bytes.length / wordBytes)) * wordBytes);
  const view = new DataView(framed.buffer);
  view.setUint32(4, framed.length / wordBytes - 1, true);
  words.forEach((word, index) => view.setBigUint64((1 + index) * wordBytes, word, true));
  view.setUint32((head - 1) * wordBytes, listPointer, true);
  view.setUint32((head - 1) * wordBytes + 4, bytes.length << lengthShift | byteElements, true);
  framed.set(bytes, head * wordBytes);
  return framed;
}
