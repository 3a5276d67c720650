/** Application messages and leave proposals: one MLS PrivateMessage in one envelope (specification §2.5). */

import {
  createApplicationMessage,
  createProposal,
  encodeMlsMessage,
  type MLSMessage,
  type PrivateMessage,
} from "ts-mls";
import { processProposal } from "ts-mls/clientState.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { ciphersuite } from "../crypto/provider.ts";
import {
  decodeEnvelope,
  type Envelope,
  innerAuthenticatedData,
  messageIdLength,
  openEnvelope,
  sealEnvelope,
} from "./envelope.ts";
import { clientConfig, leafAt, memberOf } from "./identity.ts";
import { pad, unpad } from "./padding.ts";
import { decodeMessage } from "./process.ts";
import { rejected } from "./rules.ts";
import { senderOf } from "./sender.ts";
import { infoOf, messageRecord, requireActive, withMls } from "./state.ts";
import { trustedAttempt } from "./trust.ts";
import {
  type GroupState,
  GroupUsageError,
  type Member,
  type OpenResult,
  type Rejected,
  type SealedMessage,
  type Unreadable,
} from "./types.ts";

/**
 * How many leaves of one device are kept. One is enough: the first that is kept is committed. The others are for
 * members that could not open it. Without a bound each would be written anew with every message of its sender.
 */
const keptLeaves = 8;

// Sending and opening validate no credential: every leaf was judged when it came into the tree.
const config = clientConfig({ validateCredential: async () => false });

/** Seals a content as padded MLS message in an envelope, which moves the ratchet. @throws GroupUsageError */
export async function sealMessage(
  state: GroupState,
  { messageId, content }: { messageId: Uint8Array; content: Uint8Array },
): Promise<SealedMessage> {
  requireSendable(state, messageId);
  if (Object.keys(state.mls.unappliedProposals).length > 0) {
    throw new GroupUsageError("pending-leaves", "a member is leaving: commit first (RFC 9420 §12.4)");
  }
  const { newState: mls, privateMessage, consumed } = await createApplicationMessage(
    state.mls,
    pad(content),
    ciphersuite,
    innerAuthenticatedData(messageId, "application"),
  );
  return await finish(
    state,
    mls,
    { version: "mls10", wireformat: "mls_private_message", privateMessage },
    "application",
    messageId,
    consumed,
  );
}

/** Seals the proposal that removes this device's own leaf; another member commits it. @throws GroupUsageError */
export async function sealLeave(state: GroupState, { messageId }: { messageId: Uint8Array }): Promise<SealedMessage> {
  requireSendable(state, messageId);
  const proposal = { proposalType: "remove", remove: { removed: state.ownLeafIndex } } as const;
  const { newState: mls, message, consumed } = await createProposal(
    state.mls,
    false,
    proposal,
    ciphersuite,
    innerAuthenticatedData(messageId, "proposal"),
  );
  return await finish(state, mls, message, "proposal", messageId, consumed);
}

/** Refuses misuse by the caller. */
export function requireSendable(state: GroupState, messageId: Uint8Array): void {
  requireActive(state);
  if (messageId.length !== messageIdLength) {
    throw new GroupUsageError("message-id", `a messageId has ${messageIdLength} bytes`);
  }
  if (state.epoch === 0n) throw new GroupUsageError("epoch-0", "epoch 0 has no hybrid secret and carries no message");
}

async function finish(
  state: GroupState,
  mls: GroupState["mls"],
  message: MLSMessage,
  kind: "application" | "proposal",
  messageId: Uint8Array,
  consumed: Uint8Array[],
): Promise<SealedMessage> {
  const { channelId, epoch, ownLeafIndex, secrets } = state;
  const envelope = await sealEnvelope(secrets.appKey, { kind, channelId, epoch, messageId }, encodeMlsMessage(message));
  const newState = withMls(state, mls);
  const { application, handshake } = mls.secretTree[2 * ownLeafIndex];
  // The ratchet stands behind the generation that was used.
  const generation = (kind === "application" ? application : handshake).generation - 1;
  return { newState, record: messageRecord(newState, ownLeafIndex), envelope, generation, consumed };
}

export interface MessageEntry {
  epoch: bigint;
  messageId: Uint8Array;
  envelope: Uint8Array;
}

/**
 * Opens one stored message: envelope, MLS, sender (GRP-1), padding. Never throws on foreign input.
 *
 * @returns the content and the advanced ratchet, or why the message was refused or could not be opened
 */
export async function openMessage(state: GroupState, entry: MessageEntry): Promise<OpenResult> {
  const opened = await openOuter(state, entry);
  if (opened.kind !== "opened") return opened;
  const { envelope, inside } = opened;
  if (envelope.kind === "ephemeral") return rejected("envelope", "an ephemeral payload where a stored message belongs");
  const message = innerMessage(state, envelope, inside, entry.messageId);
  if ("kind" in message) return message;

  const sender = await senderOf(state.mls, message);
  if (sender === undefined) return { kind: "unreadable", reason: "mls", opened: { kind: envelope.kind } };
  if (sender.leafIndex === state.ownLeafIndex) return { kind: "skipped", reason: "own-message" };
  const named = { kind: envelope.kind, sender: senderIn(state, sender.leafIndex) };
  if (sender.spent) return { kind: "unreadable", reason: "spent", opened: named };
  const inner = await openInner(state, envelope, message);
  return inner.kind === "unreadable" ? { ...inner, opened: named } : inner;
}

/** @returns the member at a leaf, which {@link senderOf} has found in the tree */
function senderIn(state: GroupState, leafIndex: number): Member {
  return memberOf(leafIndex, leafAt(state.mls.ratchetTree, leafIndex)!, infoOf(state));
}

type Opened = { kind: "opened"; envelope: Envelope; inside: Bytes };

/** Opens the envelope of the state's epoch and no other (GRP-6.6): checks form and epoch, and decrypts. */
export async function openOuter(
  state: GroupState,
  { epoch, messageId, envelope: bytes }: MessageEntry,
): Promise<Opened | Rejected | Unreadable> {
  if (!state.active) return rejected("not-active", "this device is no longer in the group");
  const envelope = envelopeOf(bytes);
  if ("code" in envelope) return envelope;
  if (envelope.epoch !== epoch) return rejected("epoch-mismatch", "the envelope is of another epoch than its entry");
  if (epoch > state.epoch) return { kind: "unreadable", reason: "future-epoch" };
  if (epoch === 0n) return rejected("epoch-0", "epoch 0 carries no message");
  if (epoch < state.epoch) return { kind: "unreadable", reason: "old-epoch" };
  const inside = await openEnvelope(state.secrets.appKey, envelope, {
    kind: envelope.kind,
    channelId: state.channelId,
    epoch,
    messageId,
  });
  return inside === undefined ? { kind: "unreadable", reason: "envelope" } : { kind: "opened", envelope, inside };
}

function envelopeOf(bytes: Uint8Array): Envelope | Rejected {
  try {
    return decodeEnvelope(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return decodeMessage(bytes) === undefined
      ? rejected("envelope", error.message)
      : rejected("bare-mls", "a bare MLS message is never processed");
  }
}

/** GRP-1: the envelope and the MLS message inside must state the same values. */
function innerMessage(
  { channelId }: GroupState,
  { epoch, kind }: Envelope,
  inside: Bytes,
  messageId: Uint8Array,
): PrivateMessage | Rejected {
  const decoded = decodeMessage(inside);
  if (decoded?.wireformat !== "mls_private_message") return rejected("framing", "not a PrivateMessage");
  const { privateMessage } = decoded;
  if (!equalBytes(privateMessage.groupId, channelId)) return rejected("framing", "the message is of another group");
  if (privateMessage.epoch !== epoch) return rejected("framing", "the message is of another epoch than its envelope");
  if (privateMessage.contentType !== kind) {
    return rejected("framing", `a ${privateMessage.contentType} in an envelope of kind ${kind}`);
  }
  if (!equalBytes(privateMessage.authenticatedData, innerAuthenticatedData(messageId, kind))) {
    return rejected("GRP-1.2", "authenticated data is of another message");
  }
  return privateMessage;
}

async function openInner(state: GroupState, { epoch, kind }: Envelope, message: PrivateMessage): Promise<OpenResult> {
  const { mls } = state;
  const opened = await trustedAttempt(
    async () => true,
    "member",
    () =>
      unprotectPrivateMessage(
        mls.keySchedule.senderDataSecret,
        message,
        mls.secretTree,
        mls.ratchetTree,
        mls.groupContext,
        config.keyRetentionConfig,
        ciphersuite,
      ),
  );
  if ("failure" in opened) return { kind: "unreadable", reason: "mls" };
  const { content, tree, consumed } = opened.value;
  const framed = content.content;
  if (framed.sender.senderType !== "member") return rejected("GRP-1.1", "the sender is no member");
  const { leafIndex } = framed.sender;
  const sender = senderIn(state, leafIndex);
  const moved = { ...mls, secretTree: tree };

  if (framed.contentType === "application") {
    const text = contentOf(framed.applicationData);
    if ("code" in text) return { ...text, sender };
    const newState = withMls(state, moved);
    return {
      kind: "processed",
      newState,
      record: messageRecord(newState, leafIndex),
      content: text.content,
      envelopeKind: "application",
      sender,
      epoch,
      consumed,
    };
  }
  if (framed.contentType !== "proposal" || kind !== "proposal") {
    return { ...rejected("framing", "neither message nor proposal"), sender };
  }
  if (framed.proposal.proposalType !== "remove" || framed.proposal.remove.removed !== leafIndex) {
    return { ...rejected("GRP-2.2", "only a device's own removal may be proposed"), sender };
  }
  const own = Object.values(mls.unappliedProposals).filter(({ senderLeafIndex }) => senderLeafIndex === leafIndex);
  const newState = withMls(
    state,
    own.length < keptLeaves ? await processProposal(moved, content, framed.proposal, ciphersuite.hash) : moved,
  );
  return {
    kind: "processed",
    newState,
    record: messageRecord(newState, leafIndex),
    content: undefined,
    envelopeKind: "proposal",
    sender,
    epoch,
    consumed,
  };
}

function contentOf(padded: Uint8Array): { content: Bytes } | Rejected {
  try {
    return { content: unpad(padded) };
  } catch (error) {
    if (error instanceof MalformedError) return rejected("padding", error.message);
    throw error;
  }
}
