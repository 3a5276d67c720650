/**
 * The MLS adapter: the only interface to MLS for the rest of the project. State in, `{newState, …}` out; foreign bytes
 * give result unions, never exceptions.
 *
 * @example const mls = createMls({ trust, isRevoked }); const own = await mls.createGroup({ channelId,
 * keyPackage, info }); const { newState, record, pending } = await mls.buildCommit(own, { add:
 * [theirKeyPackage], nowMs }); // store newState's record and encodePending(pending), send pending.bundle,
 * wait for the own queue entry, then: const current = mls.mergePending(newState, pending);
 */

import { zeroOutUint8Array } from "ts-mls";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { badAdds } from "./adds.ts";
import { buildCommit, createGroup } from "./commit.ts";
import { membersHash } from "./commit_data.ts";
import { openEphemeral, sealEphemeral } from "./ephemeral.ts";
import { type GivenContext, openGiven, sealGiven } from "./given.ts";
import { openBundlePart, openHeader, sealHeader } from "./hybrid.ts";
import { joinFromWelcome } from "./join.ts";
import { openMessage, sealLeave, sealMessage } from "./messages.ts";
import { processCommit } from "./process.ts";
import { accountsToBlame, checkUniqueKeys } from "./rules_unique_keys.ts";
import {
  decodePending,
  decodeState,
  encodeEpochRecord,
  encodePending,
  infoOf,
  leavingMembers,
  mergePending,
  signedInGroup,
  stateMembers,
} from "./state.ts";
import {
  type BadAdd,
  type CommitIntent,
  type CommitResult,
  type EphemeralResult,
  type GroupInfo,
  type GroupState,
  GroupUsageError,
  type JoinResult,
  type Member,
  type MessageRecord,
  type MlsOptions,
  type OpenResult,
  type PendingCommit,
  type SealedMessage,
} from "./types.ts";

export * from "./types.ts";
export type { GivenContext } from "./given.ts";
export { changedData, type GroupDataChange, isTimer, maxDescriptionLength, sameData } from "./group_data.ts";
export { commonFeatures, type Feature, isOwnList, ownFeatures } from "./features.ts";
export { openReadd, signReadd } from "./readd.ts";
export { makeKeyPackage, parseKeyPackage } from "./key_package.ts";

export interface Mls {
  /**
   * A channel at epoch 0 whose only member is this device; its account becomes admin.
   *
   * @param input.channelId 32 random bytes
   * @param input.keyPackage the private record of a fresh own KeyPackage (never published)
   */
  createGroup(
    input: {
      channelId: Uint8Array;
      keyPackage: Uint8Array;
      info: Omit<GroupInfo, "roles"> & { roles?: GroupInfo["roles"] };
    },
  ): Promise<GroupState>;

  /**
   * @returns the Adds that spoil a commit: malformed, expired, of small order, or with a key that stands in the tree or
   *   in an earlier Add (GRP-6.5)
   */
  badAdds(state: GroupState, intent: Pick<CommitIntent, "add" | "remove" | "nowMs">): Promise<BadAdd[]>;

  /**
   * Whether a key stands twice in the tree (GRP-6.5), as earlier versions let it: nobody can follow another commit.
   *
   * @returns the accounts to blame as hex, which may be none; undefined for a sound tree
   */
  damage(state: GroupState): string[] | undefined;

  /**
   * Builds the commit to epoch n = state.epoch + 1 without merging it. It includes the stored leave proposals
   * that are still valid.
   *
   * @returns `newState`: the base state without the used handshake key (store `record`); `pending`: the
   *   bundle to send, and later to merge
   * @throws GroupUsageError when the intent breaks a group rule; nothing has changed then
   */
  buildCommit(
    state: GroupState,
    intent: CommitIntent,
  ): Promise<{ newState: GroupState; record: MessageRecord; pending: PendingCommit }>;

  /**
   * Merges a commit that the DS accepted.
   *
   * @throws GroupUsageError if `current` is not at the base epoch
   */
  mergePending(current: GroupState, pending: PendingCommit): GroupState;

  /**
   * Follows another member's commit.
   *
   * @param entry.header this device's header, or undefined when the DS sent none
   * @param entry.S the epoch secret, from a reseal, in place of the header
   * @throws what `isRevoked` throws: the commit can be judged later
   */
  processCommit(
    state: GroupState,
    entry: { n: bigint; commitId: Uint8Array; header?: Uint8Array; S?: Uint8Array; sealedCommit: Uint8Array },
  ): Promise<CommitResult>;

  /**
   * @param entry.candidates private records of this device's KeyPackages; the header tells which one was used
   * @param entry.live whether the engine has an active group of this channelId: then the Welcome is refused (GRP-7)
   */
  joinFromWelcome(entry: {
    channelId: Uint8Array;
    n: bigint;
    header: Uint8Array;
    sealedWelcome: Uint8Array;
    candidates: Uint8Array[];
    live: boolean;
  }): Promise<JoinResult>;

  /**
   * @param message.messageId 16 bytes
   * @param message.content MIMI content; padded here
   * @throws GroupUsageError "pending-leaves" while a stored leave proposal waits for a commit (RFC 9420
   *   §12.4: commit first), "epoch-0", "not-active"
   */
  sealMessage(state: GroupState, message: { messageId: Uint8Array; content: Uint8Array }): Promise<SealedMessage>;

  /**
   * Proposes to remove the own device, for another member to commit (specification §3.2). Afterwards this
   * device sends nothing more in this epoch.
   */
  sealLeave(state: GroupState, message: { messageId: Uint8Array }): Promise<SealedMessage>;

  /** Opens a stored message. @param entry.epoch the epoch that the DS states; must equal the envelope's */
  openMessage(
    state: GroupState,
    entry: { epoch: bigint; messageId: Uint8Array; envelope: Uint8Array },
  ): Promise<OpenResult>;

  /** Seals an ephemeral payload, such as typing: without a ratchet or a new state, signed by the device key. */
  sealEphemeral(
    state: GroupState,
    message: { messageId: Uint8Array; content: Uint8Array; nowMs: number },
  ): Promise<Bytes>;

  /**
   * Opens an ephemeral payload; skips it as "expired" when it is older than 30 s or more than 30 s in the
   * future.
   */
  openEphemeral(
    state: GroupState,
    entry: { epoch: bigint; messageId: Uint8Array; envelope: Uint8Array; nowMs: number },
  ): Promise<EphemeralResult>;

  /** @returns the members in leaf order */
  members(state: GroupState): Member[];
  /** @returns the members whose leaf is signed for this very group, and is no KeyPackage's */
  signedInGroup(state: GroupState): Member[];
  info(state: GroupState): GroupInfo;
  /** Whether this device's leaf is another than in the state before: each fresh leaf has other keys (GRP-3.2). */
  hasFreshLeaf(state: GroupState, before: GroupState | undefined): boolean;
  /** @returns members whose stored leave proposal waits for a commit */
  pendingLeaves(state: GroupState): Member[];
  /**
   * The confirmed transcript hash of the state's epoch, 32 bytes. It is equal for all members of one history
   * (GRP-5, replacement channels).
   */
  transcriptHash(state: GroupState): Bytes;
  /**
   * The hybrid header that seals S of epoch n to one member's current leaf key: the answer to a reseal
   * request (specification §3.5).
   */
  resealHeader(
    input: { channelId: Uint8Array; n: bigint; S: Uint8Array; recipientKey: Uint8Array; xwingPublicKey: Uint8Array },
  ): Promise<Bytes>;

  /** Opens a reseal header with the own leaf key. @returns S, 32 bytes, if it opens the commit */
  openReseal(
    state: GroupState,
    input: { n: bigint; header: Uint8Array; sealedCommit: Uint8Array },
  ): Promise<Bytes | undefined>;
  /**
   * Seals a message's content to one member device alone (specification §3.8).
   *
   * @returns undefined when the device's key is not usable
   */
  sealGiven(content: Uint8Array, xwingPublicKey: Uint8Array, context: GivenContext): Promise<Bytes | undefined>;
  /** Opens such a content with the own leaf key. @returns undefined when it is not for this device or key */
  openGiven(state: GroupState, sealed: Uint8Array, context: GivenContext): Promise<Bytes | undefined>;
  /** SHA-256 of the sorted recipientKeys, as authenticated_data has it. */
  membersHash(state: GroupState): Promise<Bytes>;

  /** Overwrites spent secrets. The old state shares them, so call this only after the new state is stored. */
  wipe(consumed: Uint8Array[]): void;

  /** @returns the whole state, to be stored once a commit */
  encodeEpochRecord(state: GroupState): Bytes;
  /**
   * @throws MalformedError on a damaged record: the storage is our own, so this is a bug or damage, never
   *   foreign input
   */
  decodeState(epochRecord: Uint8Array, messageRecords: MessageRecord[]): GroupState;
  encodePending(pending: PendingCommit): Bytes;
  decodePending(bytes: Uint8Array): PendingCommit;
}

/** @param options the engine's decisions about trust and revocation; both are required */
export function createMls(options: MlsOptions): Mls {
  return {
    createGroup: (input) => createGroup(options, input),
    badAdds,
    damage: ({ active, mls: { ratchetTree } }) =>
      active && checkUniqueKeys(ratchetTree) ? accountsToBlame(ratchetTree) : undefined,
    buildCommit: (state, intent) => buildCommit(options, state, intent),
    mergePending,
    processCommit: (state, entry) => processCommit(options, state, entry),
    joinFromWelcome: (entry) => joinFromWelcome(options, entry),
    sealMessage,
    sealLeave,
    openMessage,
    sealEphemeral,
    openEphemeral,
    members: stateMembers,
    signedInGroup,
    info: infoOf,
    hasFreshLeaf: ({ secrets }, before) => !before || !equalBytes(secrets.xwingSeed, before.secrets.xwingSeed),
    pendingLeaves: leavingMembers,
    transcriptHash: (state) => new Uint8Array(state.mls.groupContext.confirmedTranscriptHash),
    async resealHeader({ channelId, n, S, recipientKey, xwingPublicKey }) {
      const header = await sealHeader(S, xwingPublicKey, { channelId, n, recipientKey });
      if (header === undefined) throw new GroupUsageError("hybrid-key", "the hybrid key is not usable");
      return header;
    },
    async openReseal({ channelId, ownRecipientKey, secrets }, { n, header, sealedCommit }) {
      const S = await openHeader(header, secrets.xwingSeed, { channelId, n, recipientKey: ownRecipientKey });
      return S !== undefined && await openBundlePart("commit", sealedCommit, S, channelId, n) !== undefined
        ? S
        : undefined;
    },
    sealGiven,
    openGiven: ({ secrets }, sealed, context) => openGiven(sealed, secrets.xwingSeed, context),
    membersHash: (state) => membersHash(stateMembers(state).map(({ recipientKey }) => recipientKey)),
    wipe: (consumed) => consumed.forEach(zeroOutUint8Array),
    encodeEpochRecord,
    decodeState,
    encodePending,
    decodePending,
  };
}
