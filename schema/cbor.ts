/**
 * Deterministic CBOR (RFC 8949 §4.2.1): the only form that we write, and the only one that we accept where
 * bytes are signed or hashed.
 */

import { decode, encode, rfc8949EncodeOptions } from "cborg";
import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./malformed_error.ts";

/**
 * @param value plain data: objects, arrays, strings, integers, booleans, null, Uint8Array
 * @returns its one deterministic encoding
 */
export function encodeCbor(value: unknown): Bytes {
  return new Uint8Array(encode(value, rfc8949EncodeOptions));
}

/**
 * Decodes one item and refuses every encoding but the deterministic one, so that equal values have equal bytes.
 *
 * @param bytes the whole item; nothing may follow it
 * @returns the decoded value, not yet checked for its shape
 * @throws MalformedError
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  requireShallow(bytes);
  let value: unknown;
  let again: Bytes;
  try {
    value = decode(bytes, { strict: true, rejectDuplicateMapKeys: true, allowUndefined: false });
    // cborg decodes a "break" as a value of a map, which it can not encode.
    again = encodeCbor(value);
  } catch (error) {
    throw new MalformedError(`not CBOR: ${(error as Error).message}`);
  }
  if (again.length !== bytes.length || again.some((byte, index) => byte !== bytes[index])) {
    throw new MalformedError("CBOR is not deterministic");
  }
  return value;
}

/**
 * Decodes what {@link encodeCbor} has made and nobody can have changed since, such as an authenticated record of this
 * device: without the checks of {@link decodeCbor}, which take longer than the decoding.
 *
 * @throws MalformedError
 */
export function decodeOwnCbor(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (error) {
    throw new MalformedError(`not CBOR: ${(error as Error).message}`);
  }
}

/** How deep lists, maps and tags may stand in each other. Ours go 12 deep. */
export const maxCborDepth = 32;

/**
 * Bounds the nesting before the item is decoded: cborg decodes and encodes by recursion, and some thousand levels
 * overflow the stack. How many depends on the caller, so whether such bytes are refused must not.
 *
 * @param bytes foreign; everything else about them is for the decoder to find
 * @throws MalformedError for lists, maps and tags more than {@link maxCborDepth} deep
 */
export function requireShallow(bytes: Uint8Array): void {
  /** How many items are left in each list, map or tag that is open. */
  const left: number[] = [];
  for (let at = 0; at < bytes.length;) {
    // RFC 8949 §3: three bits of major type, five of the argument or of its length.
    const [major, info] = [bytes[at] >> 5, bytes[at] & 31];
    const argumentBytes = info < 24 ? 0 : info < 28 ? 1 << (info - 24) : undefined;
    // Reserved, or of indefinite length, which is not deterministic: the decoder refuses it.
    if (argumentBytes === undefined) return;
    let argument = info;
    if (argumentBytes > 0) {
      argument = 0;
      for (let index = 1; index <= argumentBytes; index++) argument = argument * 256 + bytes[at + index];
    }
    at += 1 + argumentBytes;
    if (major === 2 || major === 3) at += argument;
    const items = major === 4 ? argument : major === 5 ? 2 * argument : major === 6 ? 1 : 0;
    if (left.length > 0) left[left.length - 1]--;
    if (items > 0 && left.push(items) > maxCborDepth) throw new MalformedError("CBOR is nested too deeply");
    while (left.at(-1) === 0) left.pop();
  }
}
