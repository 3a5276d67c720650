/**
 * Cap'n Proto stream framing (https://capnproto.org/encoding.html#serialization-over-a-stream): a segment
 * table, then the segments.
 */

import type { Bytes } from "../bytes.ts";
import { MalformedError } from "../malformed_error.ts";
import type { ByteReader } from "./byte_stream.ts";

/** The largest message: segment table and segments together, in bytes. */
export const maxMessageBytes = 256 * 1024;

/** The most segments that a message may have; our own writer uses few. */
const maxSegments = 64;

/** A message over {@link maxMessageBytes}: E011 rather than E014, because the sender can do something about it. */
export class MessageTooLargeError extends MalformedError {}

/**
 * Reads the next message. Every claim in the segment table is checked before memory is taken for it.
 *
 * @param limit the most bytes that this message may have
 * @returns the framed message in memory of its own, or undefined at a clean end of the stream
 * @throws MalformedError, MessageTooLargeError
 */
export async function readMessage(
  reader: ByteReader,
  limit: number = maxMessageBytes,
): Promise<Bytes | undefined> {
  const start = await reader.exactly(4);
  if (!start) return undefined;
  const segments = new DataView(start.buffer).getUint32(0, true) + 1;
  if (segments > maxSegments) throw new MalformedError("too many segments");
  const tableLength = segmentTableLength(segments);
  const sizes = await reader.exactly(tableLength - 4);
  if (!sizes) throw new MalformedError("the stream ended inside a segment table");
  const sizesView = new DataView(sizes.buffer);
  let total = tableLength;
  for (let index = 0; index < segments; index++) total += sizesView.getUint32(4 * index, true) * 8;
  if (total > limit) throw new MessageTooLargeError(`a message of ${total} bytes, the limit is ${limit}`);
  const content = total > tableLength ? await reader.exactly(total - tableLength) : new Uint8Array();
  if (!content) throw new MalformedError("the stream ended after a segment table");
  const message = new Uint8Array(total);
  message.set(start);
  message.set(sizes, 4);
  message.set(content, tableLength);
  return message;
}

function segmentTableLength(segments: number): number {
  return Math.ceil((4 + 4 * segments) / 8) * 8;
}
