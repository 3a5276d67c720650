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
  const table = await reader.exactly(tableLength - 4, start);
  if (!table) throw new MalformedError("the stream ended inside a segment table");
  const sizes = new DataView(table.buffer);
  let total = tableLength;
  for (let index = 1; index <= segments; index++) total += sizes.getUint32(4 * index, true) * 8;
  if (total > limit) throw new MessageTooLargeError(`a message of ${total} bytes, the limit is ${limit}`);
  const message = total > tableLength ? await reader.exactly(total - tableLength, table) : table;
  if (!message) throw new MalformedError("the stream ended after a segment table");
  return message;
}

function segmentTableLength(segments: number): number {
  return Math.ceil((4 + 4 * segments) / 8) * 8;
}
