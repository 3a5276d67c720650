/**
 * QPACK without a dynamic table (RFC 9204). The gateway announces QPACK_MAX_TABLE_CAPACITY 0. So a peer may
 * only refer to the static table or write literals.
 */
import { h3Code, Http3Error } from "./error_codes.ts";
import { decodeHuffman } from "./huffman.ts";
import { decodePrefixedInteger, encodePrefixedInteger } from "./prefixed_integer.ts";
import { staticTable } from "./static_table.ts";

/** One header field: name and value, one character per byte. */
export type Field = readonly [name: string, value: string];

/** The most bytes of a decoded field section. Each field counts its characters and 32 (RFC 9114 §4.2.2). */
const maxFieldSectionSize = 16 * 1024;
const fieldOverhead = 32;

/**
 * Decodes the payload of a HEADERS frame.
 *
 * @param section the whole encoded field section
 * @throws Http3Error QPACK_DECOMPRESSION_FAILED for malformed sections and references to a dynamic table;
 *   H3_EXCESSIVE_LOAD above {@link maxFieldSectionSize}
 */
export function decodeFieldSection(section: Uint8Array): Field[] {
  const cursor = { bytes: section, offset: 0 };
  if (readInteger(cursor, 8) !== 0) throw malformed("the section needs a dynamic table, which was not offered");
  readInteger(cursor, 7); // Delta Base: has no meaning without a dynamic table (§4.5.1.2)
  const fields: Field[] = [];
  let size = 0;
  while (cursor.offset < section.length) {
    const field = readField(cursor);
    size += field[0].length + field[1].length + fieldOverhead;
    if (size > maxFieldSectionSize) throw new Http3Error(h3Code.excessiveLoad, "field section too large");
    fields.push(field);
  }
  return fields;
}

/**
 * Encodes fields by the static table where it has the whole field or the name, and else by plain literals.
 *
 * @param fields names in lower case
 */
export function encodeFieldSection(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = [0, 0];
  for (const [name, value] of fields) {
    const whole = staticTable.findIndex((entry) => entry[0] === name && entry[1] === value);
    const named = staticTable.findIndex((entry) => entry[0] === name);
    if (whole >= 0) {
      bytes.push(...encodePrefixedInteger(whole, 6, 0b1100_0000));
    } else {
      if (named >= 0) bytes.push(...encodePrefixedInteger(named, 4, 0b0101_0000));
      else bytes.push(...encodePrefixedInteger(name.length, 3, 0b0010_0000), ...characters(name));
      bytes.push(...encodePrefixedInteger(value.length, 7, 0), ...characters(value));
    }
  }
  return Uint8Array.from(bytes);
}

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

/** The five representations of RFC 9204 §4.5.2 – §4.5.6. */
function readField(cursor: Cursor): Field {
  const first = cursor.bytes[cursor.offset];
  if (first & 0b1000_0000) {
    if (!(first & 0b0100_0000)) throw malformed("indexed field of the dynamic table");
    return staticEntry(readInteger(cursor, 6));
  }
  if (first & 0b0100_0000) {
    if (!(first & 0b0001_0000)) throw malformed("name of the dynamic table");
    const [name] = staticEntry(readInteger(cursor, 4));
    return [name, readString(cursor, 7)];
  }
  if (first & 0b0010_0000) {
    const name = readString(cursor, 3);
    return [name, readString(cursor, 7)];
  }
  throw malformed("post-base reference to the dynamic table");
}

function staticEntry(index: number): Field {
  if (index >= staticTable.length) throw malformed("static index out of range");
  return staticTable[index];
}

function readInteger(cursor: Cursor, prefixBits: number): number {
  const integer = decodePrefixedInteger(cursor.bytes, cursor.offset, prefixBits);
  if (!integer) throw malformed("integer");
  cursor.offset += integer.length;
  return integer.value;
}

/** Reads a string literal. The bit above the length's prefix means Huffman (RFC 9204 §4.1.2). */
function readString(cursor: Cursor, prefixBits: number): string {
  const isHuffman = (cursor.bytes[cursor.offset] >> prefixBits) & 1;
  const length = readInteger(cursor, prefixBits);
  const end = cursor.offset + length;
  if (end > cursor.bytes.length) throw malformed("string longer than its section");
  const encoded = cursor.bytes.subarray(cursor.offset, end);
  cursor.offset = end;
  return isHuffman ? decodeHuffman(encoded) : Array.from(encoded, (byte) => String.fromCharCode(byte)).join("");
}

function characters(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function malformed(what: string): Http3Error {
  return new Http3Error(h3Code.qpackDecompressionFailed, `QPACK: ${what}`);
}
