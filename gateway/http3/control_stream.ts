/**
 * Reads a peer's control stream (RFC 9114 §6.2.1): SETTINGS first and once, then frames that a server
 * ignores.
 */
import type { ByteReader } from "./byte_reader.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { frameType, readFrameHeader, readPayload, SkipBudget } from "./frames.ts";
import { decodeSettings } from "./settings.ts";
import { decodeVarint } from "./varint.ts";

const singleIntegerFrames: readonly number[] = [frameType.goaway, frameType.maxPushId, frameType.cancelPush];

/**
 * Reads the stream, after its type, to its end.
 *
 * @throws Http3Error H3_MISSING_SETTINGS, H3_FRAME_UNEXPECTED, H3_FRAME_ERROR, H3_SETTINGS_ERROR,
 *   H3_EXCESSIVE_LOAD; TruncatedError
 */
export async function readControlStream(reader: ByteReader): Promise<void> {
  const firstType = await reader.varint();
  if (firstType === undefined) return;
  if (firstType !== frameType.settings) {
    throw new Http3Error(h3Code.missingSettings, "a control stream begins with SETTINGS");
  }
  const budget = new SkipBudget();
  const settings = await readFrameHeader(reader, budget, firstType);
  if (settings) decodeSettings(await readPayload(reader, settings));
  for (let header = await readFrameHeader(reader, budget); header; header = await readFrameHeader(reader, budget)) {
    if (!singleIntegerFrames.includes(header.type)) {
      throw new Http3Error(h3Code.frameUnexpected, `frame type ${header.type} on the control stream`);
    }
    budget.spend(header.length);
    const payload = await readPayload(reader, header);
    if (decodeVarint(payload)?.length !== payload.length) throw new Http3Error(h3Code.frameError, "not one integer");
  }
}
