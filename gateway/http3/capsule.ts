/** Capsules on a CONNECT stream (RFC 9297 §3.2) as far as WebTransport over HTTP/3 needs them. */
import { type ByteReader } from "./byte_reader.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import type { SkipBudget } from "./frames.ts";
import { encodeVarint } from "./varint.ts";

const closeSessionCapsule = 0x2843;

/** Why a session ended: a 32-bit code of the application and at most 1024 bytes of UTF-8. */
export interface SessionCloseInfo {
  code: number;
  reason: string;
}

const codeLength = 4;
const maxReasonLength = 1024;

/** @returns the CLOSE_WEBTRANSPORT_SESSION capsule; a longer reason is cut at 1024 bytes, never inside a character */
export function encodeCloseCapsule({ code, reason }: SessionCloseInfo): Uint8Array<ArrayBuffer> {
  const reasonBytes = new Uint8Array(maxReasonLength);
  const { written } = new TextEncoder().encodeInto(reason, reasonBytes);
  const type = encodeVarint(closeSessionCapsule);
  const length = encodeVarint(codeLength + written);
  const capsule = new Uint8Array(type.length + length.length + codeLength + written);
  capsule.set(type);
  capsule.set(length, type.length);
  new DataView(capsule.buffer).setUint32(type.length + length.length, code);
  capsule.set(reasonBytes.subarray(0, written), type.length + length.length + codeLength);
  return capsule;
}

/**
 * Reads capsules until the one that closes the session. Others (GREASE, DRAIN, flow control of newer drafts)
 * are skipped.
 *
 * @returns the content of that capsule; undefined when the stream ended between capsules, which closes the
 *   session too (draft-ietf-webtrans-http3 §6)
 * @throws Http3Error H3_MESSAGE_ERROR for a capsule of impossible length; H3_EXCESSIVE_LOAD; TruncatedError
 */
export async function readCloseCapsule(reader: ByteReader, budget: SkipBudget): Promise<SessionCloseInfo | undefined> {
  for (let type = await reader.varint(); type !== undefined; type = await reader.varint()) {
    const length = await reader.requiredVarint();
    if (type !== closeSessionCapsule) {
      budget.spend(length);
      await reader.discard(length);
      continue;
    }
    if (length < codeLength || length > codeLength + maxReasonLength) {
      throw new Http3Error(h3Code.messageError, "close capsule of impossible length");
    }
    const value = await reader.bytes(length);
    return {
      code: new DataView(value.buffer).getUint32(0),
      reason: new TextDecoder().decode(value.subarray(codeLength)),
    };
  }
  return undefined;
}
