/**
 * The Huffman code of HPACK, which QPACK uses unchanged (RFC 7541 §5.2 and Appendix B; RFC 9204 §4.1.2).
 *
 * The code is canonical: codes of one length count upwards in the order of the symbols, and each longer
 * length continues where the shorter one stopped. So the lengths below define it completely.
 */
import { h3Code, Http3Error } from "./error_codes.ts";

const endOfString = 256;

/** Bits of the code of each byte 0 … 255, and of the end-of-string symbol. */
const codeLengths = [
  13,
  23,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  24,
  30,
  28,
  28,
  30,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  30,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  28,
  6,
  10,
  10,
  12,
  13,
  6,
  8,
  11,
  10,
  10,
  8,
  11,
  8,
  6,
  6,
  6,
  5,
  5,
  5,
  6,
  6,
  6,
  6,
  6,
  6,
  6,
  7,
  8,
  15,
  6,
  12,
  10,
  13,
  6,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  7,
  8,
  7,
  8,
  13,
  19,
  13,
  14,
  6,
  15,
  5,
  6,
  5,
  6,
  5,
  6,
  6,
  6,
  5,
  7,
  7,
  6,
  6,
  6,
  5,
  6,
  7,
  6,
  5,
  5,
  6,
  7,
  7,
  7,
  7,
  7,
  15,
  11,
  14,
  13,
  28,
  20,
  22,
  20,
  20,
  22,
  22,
  22,
  23,
  22,
  23,
  23,
  23,
  23,
  23,
  24,
  23,
  24,
  24,
  22,
  23,
  24,
  23,
  23,
  23,
  23,
  21,
  22,
  23,
  22,
  23,
  23,
  24,
  22,
  21,
  20,
  22,
  22,
  23,
  23,
  21,
  23,
  22,
  22,
  24,
  21,
  22,
  23,
  23,
  21,
  21,
  22,
  21,
  23,
  22,
  23,
  23,
  20,
  22,
  22,
  22,
  23,
  22,
  22,
  23,
  26,
  26,
  20,
  19,
  22,
  23,
  22,
  25,
  26,
  26,
  26,
  27,
  27,
  26,
  24,
  25,
  19,
  21,
  26,
  27,
  27,
  26,
  27,
  24,
  21,
  21,
  26,
  26,
  28,
  27,
  27,
  27,
  20,
  24,
  20,
  21,
  22,
  21,
  21,
  23,
  22,
  22,
  25,
  25,
  24,
  24,
  26,
  23,
  26,
  27,
  26,
  26,
  27,
  27,
  27,
  27,
  27,
  28,
  27,
  27,
  27,
  27,
  27,
  26,
  30,
];

/**
 * The code as a binary tree in one array. Entries 2n and 2n+1 are the children of node n for the bits 0 and
 * 1. A negative entry −s−1 is the symbol s.
 */
const tree = buildTree();

/**
 * Decodes a Huffman-coded string.
 *
 * @param encoded the bytes of the string, its padding included
 * @returns the string, one character per byte (header fields are not UTF-8)
 * @throws Http3Error QPACK_DECOMPRESSION_FAILED on padding of more than 7 bits or not of ones, and on the
 *   end-of-string symbol (RFC 7541 §5.2)
 */
export function decodeHuffman(encoded: Uint8Array): string {
  const bytes: number[] = [];
  let node = 0;
  let depth = 0;
  let onesOnly = true;
  for (const byte of encoded) {
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >> shift) & 1;
      onesOnly = onesOnly && bit === 1;
      depth++;
      const next = tree[2 * node + bit];
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -next - 1;
      if (symbol === endOfString) throw malformed("end-of-string symbol");
      bytes.push(symbol);
      node = 0;
      depth = 0;
      onesOnly = true;
    }
  }
  if (depth > 7 || !onesOnly) throw malformed("padding");
  return bytes.map((byte) => String.fromCharCode(byte)).join("");
}

function malformed(what: string): Http3Error {
  return new Http3Error(h3Code.qpackDecompressionFailed, `Huffman string: ${what}`);
}

function buildTree(): Int32Array {
  const nodes = new Int32Array(2 * codeLengths.length);
  let nodeCount = 1;
  let code = 0;
  let length = 0;
  const symbols = codeLengths.map((_, symbol) => symbol).sort((a, b) => codeLengths[a] - codeLengths[b] || a - b);
  for (const symbol of symbols) {
    code *= 2 ** (codeLengths[symbol] - length);
    length = codeLengths[symbol];
    let node = 0;
    for (let shift = length - 1; shift > 0; shift--) {
      const edge = 2 * node + ((code >> shift) & 1);
      if (nodes[edge] === 0) nodes[edge] = nodeCount++;
      node = nodes[edge];
    }
    nodes[2 * node + (code & 1)] = -symbol - 1;
    code++;
  }
  return nodes;
}
