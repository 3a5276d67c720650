/**
 * Ephemeral payloads, such as typing (specification §2.6). They are outside the MLS ratchet, which lost messages
 * would exhaust. The device key signs them, and they are valid for 30 s.
 */

import { type Bytes, concat, u64, utf8 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, recordOf } from "../../schema/shape.ts";
import { signEd25519, verifyEd25519 } from "../crypto/ed25519.ts";
import { envelopeAad, type EnvelopeContext, sealEnvelope } from "./envelope.ts";
import { leafAt, memberOf } from "./identity.ts";
import { type MessageEntry, openOuter, requireSendable } from "./messages.ts";
import { pad, unpad } from "./padding.ts";
import { rejected } from "./rules.ts";
import { infoOf } from "./state.ts";
import type { EphemeralResult, GroupState } from "./types.ts";

const lifetimeMs = 30_000;

function signedBytes(context: EnvelopeContext, leafIndex: number, sentMs: number, content: Uint8Array): Bytes {
  return concat(utf8("qpq/1 eph"), envelopeAad(context), u64(leafIndex), u64(sentMs), content);
}

/** Seals a payload that no disk keeps, under a key of the epoch without the ratchet. @throws GroupUsageError */
export async function sealEphemeral(
  state: GroupState,
  { messageId, content, nowMs }: { messageId: Uint8Array; content: Uint8Array; nowMs: number },
): Promise<Bytes> {
  requireSendable(state, messageId);
  const { channelId, epoch, ownLeafIndex, mls, secrets } = state;
  const context: EnvelopeContext = { kind: "ephemeral", channelId, epoch, messageId };
  const sentMs = Math.floor(nowMs);
  const signature = await signEd25519(mls.signaturePrivateKey, signedBytes(context, ownLeafIndex, sentMs, content));
  return await sealEnvelope(
    secrets.appKey,
    context,
    pad(encodeCbor({ v: 1, leaf: ownLeafIndex, sentMs, content, signature })),
  );
}

/**
 * Opens an ephemeral payload and checks its signature and age. Never throws.
 *
 * @returns the content with its sender, or why it was dropped (for example: older than 30 s)
 */
export async function openEphemeral(
  state: GroupState,
  entry: MessageEntry & { nowMs: number },
): Promise<EphemeralResult> {
  const opened = await openOuter(state, entry);
  if (opened.kind !== "opened") return opened;
  const { envelope, inside } = opened;
  if (envelope.kind !== "ephemeral") return rejected("envelope", "a stored message where an ephemeral payload belongs");
  const payload = payloadOf(inside);
  if ("code" in payload) return payload;
  const leaf = leafAt(state.mls.ratchetTree, payload.leaf);
  if (leaf === undefined) return rejected("GRP-1.1", "the sender is no member");
  const context: EnvelopeContext = {
    kind: "ephemeral",
    channelId: state.channelId,
    epoch: envelope.epoch,
    messageId: entry.messageId,
  };
  const valid = await verifyEd25519(
    leaf.signaturePublicKey,
    payload.signature,
    signedBytes(context, payload.leaf, payload.sentMs, payload.content),
  );
  if (!valid) return rejected("GRP-1.1", "the sender's signature is wrong");
  if (payload.leaf === state.ownLeafIndex) return { kind: "skipped", reason: "own-message" };
  if (Math.abs(entry.nowMs - payload.sentMs) > lifetimeMs) return { kind: "skipped", reason: "expired" };
  return {
    kind: "processed",
    content: payload.content,
    sender: memberOf(payload.leaf, leaf, infoOf(state)),
    sentMs: payload.sentMs,
  };
}

function payloadOf(padded: Bytes) {
  try {
    const fields = recordOf(
      decodeCbor(unpad(padded)),
      ["v", "leaf", "sentMs", "content", "signature"],
      "ephemeral payload",
    );
    if (fields.v !== 1) throw new MalformedError("ephemeral payload: version");
    return {
      leaf: countOf(fields.leaf, "leaf"),
      sentMs: countOf(fields.sentMs, "sentMs"),
      content: bytesOf(fields.content, undefined, "content"),
      signature: bytesOf(fields.signature, 64, "signature"),
    };
  } catch (error) {
    if (error instanceof MalformedError) return rejected("envelope", error.message);
    throw error;
  }
}
