/**
 * The public types of the MLS adapter. `group.ts` re-exports them; no type of ts-mls leaves `client/mls`.
 */

import type { ClientState } from "ts-mls";
import type { Bytes } from "../../schema/bytes.ts";
import type { DeviceCredential } from "../../schema/credential.ts";
import type { GroupData, GroupDataChange } from "./group_data.ts";

/**
 * Why a leaf is checked: it is in the tree of a group that we join, this device adds it, or it is a member, be
 * it by the commit of another. What this device knows of revocations decides the second alone: members learn of
 * them at different times, and have to judge a commit alike (decision 030).
 */
export type TrustUse = "join" | "add" | "member";

/**
 * Judges a leaf whose credential has a valid signature. Is the account key the pinned one, and is the device
 * in the newest list?
 *
 * @returns true, or a sentence with the reason of the refusal
 */
export type Trust = (credential: DeviceCredential, leafSignatureKey: Bytes, use: TrustUse) => Promise<true | string>;

/**
 * The engine's decisions about trust. There are no defaults, because accepting everything must not happen by
 * omission (specification §8).
 */
export interface MlsOptions {
  trust: Trust;
  /**
   * Whether the newest device list of its account revokes a member device. Then any member may remove the
   * device (specification §1.3). Throws where that can not be known now: no commit is refused for that.
   */
  isRevoked: (credential: DeviceCredential, recipientKey: Bytes) => Promise<boolean>;
}

export type Role = "admin" | "member";
export type ChannelKind = "direct" | "group";

/**
 * The GroupContext extension 0xF0A1, equal for all members. Accounts that `roles` does not name are members.
 */
export interface GroupInfo {
  name: string;
  kind: ChannelKind;
  /** Account key as lower-case hex → role. */
  roles: Record<string, Role>;
  createdMs: number;
  /** Only where every leaf names the feature "group-data" (GRP-2.8). */
  data?: GroupData;
  /** Extension 0xF0A2, in a replacement channel only (specification §3.5). */
  supersedes?: Supersedes;
}

export interface Supersedes {
  /** 32 bytes. */
  channelId: Bytes;
  lastEpoch: bigint;
  /** The confirmed transcript hash of that epoch, 32 bytes. */
  transcriptHash: Bytes;
  reason: string;
  /**
   * The conversation's first channel, 32 bytes, where it is not `channelId`. Message ids are derived from it
   * (specification §7.2).
   */
  firstChannelId?: Bytes;
  /**
   * The commits that led to the maker's newest epochs, 24 bytes each: u64 epoch ‖ 16 bytes commitId
   * (client/sync/reinit/fork_point.ts).
   */
  commits?: Bytes;
  /**
   * The device that made the replacement channel, and its signature
   * (client/sync/reinit/replacement_maker.ts). A member that adds a device later need not be an admin. 32 and
   * 64 bytes.
   */
  maker?: Bytes;
  signature?: Bytes;
}

export interface Member {
  leafIndex: number;
  credential: DeviceCredential;
  /** The leaf's signature key, 32 bytes: also the name of the device's queue. */
  recipientKey: Bytes;
  /** 1,216 bytes. */
  xwingPublicKey: Bytes;
  /** The features that its leaf names, sorted (features.ts). */
  features: readonly string[];
  role: Role;
}

/**
 * One group at one epoch. Immutable: every operation returns a new state. Only `client/mls` reads `mls` and
 * `secrets`. It has no keys of an epoch before: the server takes messages of the current epoch only, and a
 * queue is in the channel's order, so a message of an epoch stands before the commit that ends it (GRP-6.6).
 */
export interface GroupState {
  /** 32 bytes, the MLS group_id. */
  readonly channelId: Bytes;
  readonly epoch: bigint;
  readonly ownRecipientKey: Bytes;
  readonly ownLeafIndex: number;
  /** False once a processed commit has removed this device. */
  readonly active: boolean;
  readonly mls: ClientState;
  readonly secrets: {
    /** MLS-Exporter("qpq/1 app", channelId ‖ u64 epoch, 32). */
    readonly appKey: Bytes;
    /** The X-Wing seed of the own leaf, 32 bytes. */
    readonly xwingSeed: Bytes;
  };
}

/**
 * One message's change of a group's state. Store it under (channelId, `key`), in place of an older record of
 * that key. Delete all of a channel's records when a new epoch record is stored.
 */
export interface MessageRecord {
  /** "e<epoch>/l<leafIndex>" or "proposals". */
  key: string;
  bytes: Bytes;
}

/** A change of {@link GroupInfo}; fields that are left out stay as they are. */
export interface InfoChange {
  name?: string;
  /** The whole map: replaces the old one. */
  roles?: Record<string, Role>;
  data?: GroupDataChange;
}

/** The content of a commit. Without any field it is a self-update (every commit carries a fresh path). */
export interface CommitIntent {
  /** KeyPackages as published: MLSMessage bytes. */
  add?: Uint8Array[];
  /** recipientKeys to remove. */
  remove?: Uint8Array[];
  info?: InfoChange;
  /** Signed re-add requests (specification §3.4) of devices that `remove` and `add` both name. */
  requests?: Uint8Array[];
  /** Channels that the conversation has left, 32 bytes each: a Welcome names them (specification §3.5). */
  leftChannels?: Uint8Array[];
  /** Injected clock (corrected by the server's), for the lifetimes of added KeyPackages. */
  nowMs: number;
}

/** An Add that a commit can not carry. */
export interface BadAdd {
  /** The place in {@link CommitIntent}'s `add`. */
  index: number;
  /** Known where the KeyPackage can be read. */
  username?: string;
  /** A rule that it breaks. */
  code?: "GRP-2.8" | "GRP-6.5";
  /** For logs. */
  reason: string;
}

export interface CommitHeader {
  recipientKey: Bytes;
  /** 1,168 bytes: X-Wing ciphertext ‖ AEAD(S). */
  header: Bytes;
}

/** The bytes that `DeliveryService.commit` carries. */
export interface CommitBundle {
  sealedCommit: Bytes;
  /** Empty when nobody joins. */
  sealedWelcome: Bytes;
  /** Exactly one for each member of epoch n. */
  headers: CommitHeader[];
}

/** A commit without an answer of the DS yet. Store `encodePending(pending)` before any byte is sent. */
export interface PendingCommit {
  /** 16 bytes. */
  commitId: Bytes;
  baseEpoch: bigint;
  n: bigint;
  /** The epoch's hybrid secret, 32 bytes: kept to answer reseal requests. */
  S: Bytes;
  /** The state after the DS accepts the commit; `mergePending` makes it current. */
  newState: GroupState;
  bundle: CommitBundle;
  removed: Bytes[];
  added: Bytes[];
  /** As authenticated_data has it. */
  membersHash: Bytes;
}

/** The changes of a processed commit, from MLS state alone. */
export interface CommitChanges {
  committer: Member;
  commitId: Bytes;
  n: bigint;
  /** Their leaves in the new tree. */
  added: Member[];
  /** Their leaves in the old tree. */
  removed: Member[];
  /** Devices that the commit removed and added again, with their leaves in the new tree. */
  readded: Member[];
  /** SHA-256 of the sorted recipientKeys of epoch n, 32 bytes. */
  membersHash: Bytes;
  /** Set when name, roles or data changed. */
  infoChange?: { before: GroupInfo; after: GroupInfo };
  /** This device was removed: `newState.active` is false. */
  selfRemoved: boolean;
}

/** The group rule that the input broke (the table in rules.ts), or another fault of it. Stable. */
export type RejectionCode =
  | `GRP-${string}`
  | "not-active"
  | "framing"
  | "mls"
  /** A Welcome with a leaf that is not trusted. */
  | "untrusted"
  | "envelope"
  | "bare-mls"
  | "epoch-mismatch"
  | "epoch-0"
  | "padding";

/** Why input needs no handling. Stable. */
export type SkipReason = "own-message" | "stale" | "expired";

/** Why input that may be right could not be opened. Stable. */
export type UnreadableReason =
  | "no-header"
  | "header"
  | "commit-seal"
  | "envelope"
  | "future-epoch"
  | "old-epoch"
  | "mls"
  /** The key of the message's generation is used up. Only its id tells whether it is a repeat. */
  | "spent";

/** Results on foreign input. It never throws, but gives one of these four. */
export interface Rejected {
  kind: "rejected";
  code: RejectionCode;
  reason: string;
  /**
   * Of a commit: the signature key of the leaf that signed it, where what was signed and the MLS state alone break
   * the rule. Nobody else can have made such a commit (docs/decisions/031).
   */
  by?: Bytes;
  /** Who sealed a stored message that was refused after it was opened. */
  sender?: Member;
}
export interface Skipped {
  kind: "skipped";
  reason: SkipReason;
  /** As in {@link Rejected}. */
  sender?: Member;
}
export interface Unreadable {
  kind: "unreadable";
  reason: UnreadableReason;
  /**
   * Set where the outer envelope of a stored message opened, so that a member has sealed it. `sender` is the device
   * that the message names, and no signature has proven it.
   */
  opened?: { kind: EnvelopeKind; sender?: Member };
}

export type CommitResult =
  | ({ kind: "processed"; newState: GroupState; S: Bytes; consumed: Uint8Array[] } & CommitChanges)
  | Rejected
  | Skipped
  | Unreadable;

export type JoinResult =
  | {
    kind: "processed";
    newState: GroupState;
    S: Bytes;
    info: GroupInfo;
    /** The signer of the GroupInfo: the member that added us. */
    adder: Member;
    /** The channels that the adder's conversation has left, by the adder's signature; 32 bytes each. */
    leftChannels: Bytes[];
    /** When the KeyPackage, and with it this device's leaf, was made, in ms: the start of its lifetime. */
    leafMadeMs: number;
    /** The KeyPackageRef that was used: delete that private record unless it is a last resort. */
    keyPackageRef: Bytes;
  }
  | Rejected
  | Unreadable;

/** Envelope kinds: 1 application content, 2 leave proposal, 3 ephemeral. */
export type EnvelopeKind = "application" | "proposal" | "ephemeral";

export interface SealedMessage {
  newState: GroupState;
  record: MessageRecord;
  envelope: Bytes;
  /** Which message of this leaf in this epoch it is, from 0 (RFC 9420 §9.1); leaves are counted on their own. */
  generation: number;
  /** Spent secrets, shared with the old state: `wipe` them only after the new state is stored. */
  consumed: Uint8Array[];
}

export type OpenResult =
  | {
    kind: "processed";
    newState: GroupState;
    record: MessageRecord;
    /** The content bytes, or undefined for a leave proposal. */
    content: Bytes | undefined;
    envelopeKind: "application" | "proposal";
    sender: Member;
    epoch: bigint;
    /** As {@link SealedMessage.consumed}. */
    consumed: Uint8Array[];
  }
  | Rejected
  | Skipped
  | Unreadable;

export type EphemeralResult =
  | { kind: "processed"; content: Bytes; sender: Member; sentMs: number }
  | Rejected
  | Skipped
  | Unreadable;

/** A misuse by the caller, not foreign input: a bug of ours, or an intent that the rules forbid. */
export class GroupUsageError extends Error {
  override readonly name = "GroupUsageError";
  /** A stable code: "GRP-…", "pending-leaves", "not-active", "key-package", "not-a-member", … */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
