/**
 * Messages between two devices that share a channel (`enqueue`, specification §4.7).
 *
 * They carry requests for help, the answers, and removal notices. Each is signed by its sender's device key. None
 * holds a secret in the clear.
 */

import { type Bytes, concat, equalBytes, utf8 } from "../../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../../schema/cbor.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { bytesOf, countOf, recordOf } from "../../../schema/shape.ts";
import { signEd25519, verifyEd25519 } from "../../../schema/ed25519.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

export type DeviceMessageContent =
  /** Asks for the secret of epoch n, sealed anew, because this device's header does not open. */
  | { kind: "reseal"; n: number; commitId: Bytes }
  /** The answer to "reseal": a header (1,168 bytes) for the asker's leaf key. */
  | { kind: "resealed"; n: number; commitId: Bytes; header: Bytes }
  /**
   * Asks to be removed and added again. Contains the signed request (client/mls/readd.ts) and the KeyPackage
   * that it names. `n`: the epoch that could not be entered, 0 when the whole state is lost.
   */
  | { kind: "readd"; n: number; commitId: Bytes; request: Bytes; keyPackage: Bytes }
  /** The answer of a device that could not follow that commit either. */
  | { kind: "stuck"; n: number; commitId: Bytes }
  /** Tells an admin that the sender has been in epoch n, and the server has not. */
  | { kind: "ahead"; n: number; commitId: Bytes }
  /**
   * Asks an admin in a replacement channel to replace it in the admin's own name, because the sender does not
   * know its maker as an admin. `n`: the sender's epoch in the channel in which it stays.
   */
  | { kind: "lead"; n: number; commitId: Bytes }
  /**
   * Tells a device, in a channel that the group has left after epoch n, into which channel it has gone. `commitId` is
   * empty. Builds that do not know the kind ignore it.
   */
  | { kind: "gone"; n: number; commitId: Bytes; channelId: Bytes }
  /**
   * Asks an admin's device to take the sender's leaf out: it has left at its user's wish after epoch n, and its commit
   * is lost. `commitId` is empty. Builds that do not know the kind ignore it.
   */
  | { kind: "leaving"; n: number; commitId: Bytes }
  /** Tells a device that the commit of epoch n, which the sender is about to send, removes it. */
  | { kind: "removing"; n: number; commitId: Bytes }
  /**
   * Asks the device that sent a message for its content, because the message did not open here (specification §3.8).
   * `n`: the epoch of the message; `commitId` is empty. Builds that do not know the kind ignore it.
   */
  | { kind: "again"; n: number; commitId: Bytes; messageId: Bytes }
  /**
   * The content of a message of epoch `n` of the channel `sentIn` (32 bytes), sealed to the receiver alone: the answer
   * to "again", and a resend that a later device must not read. `commitId` is empty.
   */
  | { kind: "given"; n: number; commitId: Bytes; messageId: Bytes; sentIn: Bytes; sealed: Bytes };

/** A message of one kind. */
export type DeviceMessageOf<K extends DeviceMessageContent["kind"]> = DeviceMessage & {
  content: Extract<DeviceMessageContent, { kind: K }>;
};

export interface DeviceMessage {
  channelId: Bytes;
  /** recipientKeys */
  from: Bytes;
  to: Bytes;
  content: DeviceMessageContent;
}

/** A device message that is about no commit. */
export const none: Bytes = new Uint8Array();

function fieldsOf({ channelId, from, to, content }: DeviceMessage) {
  const { kind, n, commitId } = content;
  return { v: 1, channelId, from, to, kind, n, commitId, parts: partsOf(content) };
}

function partsOf(content: DeviceMessageContent): Bytes[] {
  switch (content.kind) {
    case "resealed":
      return [content.header];
    case "readd":
      return [content.request, content.keyPackage];
    case "gone":
      return [content.channelId];
    case "again":
      return [content.messageId];
    case "given":
      return [content.messageId, content.sentIn, content.sealed];
    default:
      return [];
  }
}

/** @param seed 32 bytes: the private key of `from` */
export async function sealDeviceMessage(message: DeviceMessage, seed: Uint8Array): Promise<Bytes> {
  const fields = fieldsOf(message);
  return encodeCbor({
    ...fields,
    signature: await signEd25519(seed, concat(utf8("qpq/1 direct"), encodeCbor(fields))),
  });
}

/**
 * @param channelId the entry's
 * @param to this device's recipientKey
 * @returns undefined unless the message is well-formed, for this channel and device, and signed by the device
 *   that it names
 */
export async function openDeviceMessage(
  bytes: Uint8Array,
  channelId: Uint8Array,
  to: Uint8Array,
): Promise<DeviceMessage | undefined> {
  try {
    const fields = recordOf(decodeCbor(bytes), [
      "v",
      "channelId",
      "from",
      "to",
      "kind",
      "n",
      "commitId",
      "parts",
      "signature",
    ], "device message");
    if (fields.v !== 1) return undefined;
    const message: DeviceMessage = {
      channelId: bytesOf(fields.channelId, 32, "channelId"),
      from: bytesOf(fields.from, 32, "from"),
      to: bytesOf(fields.to, 32, "to"),
      content: contentOf(fields),
    };
    if (!equalBytes(message.channelId, channelId) || !equalBytes(message.to, to)) return undefined;
    const signed = concat(utf8("qpq/1 direct"), encodeCbor(fieldsOf(message)));
    return await verifyEd25519(message.from, bytesOf(fields.signature, 64, "signature"), signed) ? message : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/**
 * Sends a message. A refusal because it can not arrive is no error: the next round asks others.
 *
 * @param to recipientKey of a device that shares the channel
 * @returns whether the server took it
 */
export async function sendDeviceMessage(
  { rpc, account }: Pick<SyncContext, "rpc" | "account">,
  channelId: Bytes,
  to: Bytes,
  content: DeviceMessageContent,
): Promise<boolean> {
  const body = await sealDeviceMessage({ channelId, from: account.recipientKey, to, content }, account.deviceSeed);
  try {
    await rpc.call(delivery.enqueue, {
      recipientKey: to,
      channelId,
      messageId: crypto.getRandomValues(new Uint8Array(16)),
      body,
    });
    return true;
  } catch (error) {
    // The queue or the server's disk is full, or the device has left meanwhile.
    const { queueFull, unknownRecipient, rateLimited, quotaExceeded } = ErrorCode;
    if (!isWireError(error, queueFull, unknownRecipient, rateLimited, quotaExceeded)) throw error;
    return false;
  }
}

type Bare = "reseal" | "stuck" | "ahead" | "lead" | "removing" | "leaving";

/** Kinds without parts. */
const bare: ReadonlySet<Bare> = new Set(["reseal", "stuck", "ahead", "lead", "removing", "leaving"]);

function contentOf(fields: Record<"kind" | "n" | "commitId" | "parts", unknown>): DeviceMessageContent {
  const { kind } = fields;
  const n = countOf(fields.n, "n");
  const id = bytesOf(fields.commitId, undefined, "commitId");
  const commitId = id.length === 0 ? none : bytesOf(id, 16, "commitId");
  const parts = Array.isArray(fields.parts) ? fields.parts.map((part) => bytesOf(part, undefined, "part")) : [];
  if (bare.has(kind as Bare) && parts.length === 0) return { kind: kind as Bare, n, commitId };
  if (kind === "resealed" && parts.length === 1) return { kind, n, commitId, header: parts[0] };
  if (kind === "readd" && parts.length === 2) return { kind, n, commitId, request: parts[0], keyPackage: parts[1] };
  if (kind === "gone" && parts.length === 1) {
    return { kind, n, commitId, channelId: bytesOf(parts[0], 32, "channelId") };
  }
  if (kind === "again" && parts.length === 1) {
    return { kind, n, commitId, messageId: bytesOf(parts[0], 16, "messageId") };
  }
  if (kind === "given" && parts.length === 3) {
    const [messageId, sentIn, sealed] = parts;
    return {
      kind,
      n,
      commitId,
      messageId: bytesOf(messageId, 16, "messageId"),
      sentIn: bytesOf(sentIn, 32, "sentIn"),
      sealed,
    };
  }
  throw new MalformedError("device message: kind");
}
