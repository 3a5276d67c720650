/** What a peer's bidirectional stream begins with: a session's id (draft-ietf-webtrans-http3 §4.2), or a request. */
import { type ByteReader, TruncatedError } from "./byte_reader.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { frameType, readFrameHeader, readPayload, SkipBudget } from "./frames.ts";
import { decodeFieldSection } from "./qpack.ts";
import { parseRequestHead, type RequestHead } from "./request.ts";

const webTransportBidirectional = 0x41;

/** Of a stream of a session its id, else the head of a request. */
export type StreamHead = { sessionId: number } | { request: RequestHead };

/**
 * Reads up to where the content begins.
 *
 * @returns undefined when the stream is empty
 * @throws Http3Error when the peer breaks the protocol; TruncatedError
 */
export async function readStreamHead(reader: ByteReader): Promise<StreamHead | undefined> {
  const type = await reader.varint();
  if (type === undefined) return undefined;
  if (type !== webTransportBidirectional) return { request: await readRequestHead(reader, type) };
  const sessionId = await reader.requiredVarint();
  if (sessionId % 4 !== 0) {
    throw new Http3Error(h3Code.idError, "a session id is the id of a client's bidirectional stream");
  }
  return { sessionId };
}

/** Reads up to and including the HEADERS frame of a request stream. */
async function readRequestHead(reader: ByteReader, firstType: number): Promise<RequestHead> {
  const header = await readFrameHeader(reader, new SkipBudget(), firstType);
  if (!header) throw new TruncatedError();
  if (header.type !== frameType.headers) throw new Http3Error(h3Code.frameUnexpected, "a request begins with HEADERS");
  return parseRequestHead(decodeFieldSection(await readPayload(reader, header)));
}
