/** HTTP/3 frames (RFC 9114 §7): varint type, varint length, payload. */
import type { ByteReader } from "./byte_reader.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { encodeVarint } from "./varint.ts";

export const frameType = {
  data: 0x00,
  headers: 0x01,
  cancelPush: 0x03,
  settings: 0x04,
  pushPromise: 0x05,
  goaway: 0x07,
  maxPushId: 0x0d,
} as const;

/** Types of HTTP/2 that HTTP/3 forbids (RFC 9114 §7.2.8). */
const forbiddenTypes = new Set([0x02, 0x06, 0x08, 0x09]);

/** The most bytes of a HEADERS or SETTINGS payload, and of one frame of unknown type. */
const maxFramePayload = 16 * 1024;

export interface FrameHeader {
  type: number;
  /** bytes of payload that follow */
  length: number;
}

/** @returns the encoded frame */
export function encodeFrame(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const typeBytes = encodeVarint(type);
  const lengthBytes = encodeVarint(payload.length);
  const frame = new Uint8Array(typeBytes.length + lengthBytes.length + payload.length);
  frame.set(typeBytes);
  frame.set(lengthBytes, typeBytes.length);
  frame.set(payload, typeBytes.length + lengthBytes.length);
  return frame;
}

/**
 * Reads the header of the next frame of known type. Skips GREASE and extensions (RFC 9114 §9).
 *
 * @param budget how much may still be skipped on this stream; shared between calls, so that endless padding
 *   ends in H3_EXCESSIVE_LOAD
 * @param firstType a frame type that the caller has read already
 * @returns undefined when the stream ended between frames
 * @throws Http3Error H3_FRAME_UNEXPECTED for a type of HTTP/2, H3_EXCESSIVE_LOAD; TruncatedError
 */
export async function readFrameHeader(
  reader: ByteReader,
  budget: SkipBudget,
  firstType?: number,
): Promise<FrameHeader | undefined> {
  for (let type = firstType ?? await reader.varint(); type !== undefined; type = await reader.varint()) {
    const length = await reader.requiredVarint();
    if (forbiddenTypes.has(type)) {
      throw new Http3Error(h3Code.frameUnexpected, `frame type 0x${type.toString(16)} of HTTP/2`);
    }
    if (isKnown(type)) return { type, length };
    budget.spend(length);
    await reader.discard(length);
  }
  return undefined;
}

/** Reads a whole payload into memory. @throws Http3Error H3_EXCESSIVE_LOAD above {@link maxFramePayload} */
export async function readPayload(reader: ByteReader, header: FrameHeader): Promise<Uint8Array<ArrayBuffer>> {
  if (header.length > maxFramePayload) throw new Http3Error(h3Code.excessiveLoad, "frame too large");
  return await reader.bytes(header.length);
}

/** Limits the meaningless bytes that a peer can send on one stream. */
export class SkipBudget {
  #bytesLeft: number;

  constructor(bytes: number = 4 * maxFramePayload) {
    this.#bytesLeft = bytes;
  }

  /**
   * Counts one skipped frame or capsule of `length` bytes.
   *
   * @throws Http3Error H3_EXCESSIVE_LOAD when the budget is spent
   */
  spend(length: number): void {
    const headerCost = 16;
    this.#bytesLeft -= length + headerCost;
    if (this.#bytesLeft < 0) throw new Http3Error(h3Code.excessiveLoad, "too much to skip");
  }
}

function isKnown(type: number): boolean {
  return (Object.values(frameType) as number[]).includes(type);
}
