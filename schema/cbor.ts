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
  let value: unknown;
  try {
    value = decode(bytes, { strict: true, rejectDuplicateMapKeys: true, allowUndefined: false });
  } catch (error) {
    throw new MalformedError(`not CBOR: ${(error as Error).message}`);
  }
  const again = encodeCbor(value);
  if (again.length !== bytes.length || again.some((byte, index) => byte !== bytes[index])) {
    throw new MalformedError("CBOR is not deterministic");
  }
  return value;
}
