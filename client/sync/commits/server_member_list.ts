/**
 * Compares the server's list of a channel's members with the group's (specification §4.6).
 *
 * The server cannot read commits. It knows its list from the statements of committers. A false statement
 * makes both lists differ: later commits are refused for their headers, or a member gets no entries. So each
 * entry carries the statement that the server was given.
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { delivery, EntryKind } from "../../../schema/rpc/methods.ts";
import type { CommitHeader, Member, PendingCommit } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { EntryContext } from "../conversation/entry_context.ts";

/** The effect of a commit, as its authenticated data states it and every member has checked it. */
export interface CommitEffect {
  removed: Bytes[];
  added: Bytes[];
  membersHash: Bytes;
}

/**
 * @returns the server's epoch and members; undefined when it knows no such channel, or this device is no
 *   member there
 */
export async function serverState(
  rpc: Pick<RpcClient, "call">,
  channelId: Bytes,
): Promise<{ epoch: number; members: Bytes[] } | undefined> {
  try {
    return await rpc.call(delivery.channelState, { channelId });
  } catch (error) {
    if (isWireError(error, ErrorCode.notAMember)) return undefined;
    throw error;
  }
}

function sameKeys(one: Uint8Array[], other: Uint8Array[]): boolean {
  const keys = new Set(one.map(toHex));
  return keys.size === other.length && other.every((key) => keys.has(toHex(key)));
}

/** Compares what the server was told with what the commit did. A difference gets a line and a repair. */
export function compareWithServer(
  { context: { events }, unit, entry }: EntryContext,
  conversation: ConversationTransaction,
  committer: Member,
  did: CommitEffect,
): void {
  // The entry is from an older server, which did not report the members.
  if (entry.membersHash.length === 0) return;
  const sameMembers = equalBytes(entry.membersHash, did.membersHash);
  // A commit that repairs the list tells the server more than its effect. A commit that leaves the list right
  // but names other devices would give a member a Welcome in place of the commit.
  const isRepair = conversation.record.serverDiffers === true;
  const isConsistent = entry.kind !== EntryKind.COMMIT || isRepair ||
    (sameKeys(entry.removed, did.removed) && sameKeys(entry.added, did.added));
  if (sameMembers) {
    if (isRepair) conversation.set({ serverDiffers: undefined });
    if (!isConsistent) conversation.notice("server-differs", { by: committer.credential.username }, entry.receivedMs);
    return;
  }
  if (!isRepair) conversation.notice("server-differs", { by: committer.credential.username }, entry.receivedMs);
  conversation.set({ serverDiffers: true });
  unit.onceStored(() => events.emit("serverListDiffers", conversation.id));
}

/** The committer's statement to the server in `commit`. */
export interface Told {
  removed: Bytes[];
  added: Bytes[];
  headers: CommitHeader[];
}

/**
 * @param serverMembers the server's members before the commit, when they were found to differ from the
 *   group's
 * @returns the changes that lead from the server's list to the group's. The server learns of a missing member
 *   only with a Welcome for it. A missing member that the commit does not re-add is left out, until an admin
 *   re-adds it
 */
export function tellServer(
  { removed, added, bundle }: Pick<PendingCommit, "removed" | "added" | "bundle">,
  serverMembers: Uint8Array[] | undefined,
): Told {
  if (!serverMembers) return { removed, added, headers: bundle.headers };
  const after = new Set(bundle.headers.map(({ recipientKey }) => toHex(recipientKey)));
  const leaving = new Set(removed.map(toHex));
  const gone = serverMembers.filter((key) => !after.has(toHex(key)) || leaving.has(toHex(key))).map((key) =>
    new Uint8Array(key)
  );
  const goneKeys = new Set(gone.map(toHex));
  const joining = new Set(added.map(toHex));
  const staying = new Set(serverMembers.map(toHex).filter((key) => !goneKeys.has(key)));
  return {
    removed: gone,
    added,
    headers: bundle.headers.filter(({ recipientKey }) =>
      staying.has(toHex(recipientKey)) || joining.has(toHex(recipientKey))
    ),
  };
}

/** @returns members of the group that the server lacks, and recipientKeys that only the server has */
export function serverListDiff(members: Member[], serverMembers: Uint8Array[]): { missing: Member[]; extra: Bytes[] } {
  const server = new Set(serverMembers.map(toHex));
  const group = new Set(members.map(({ recipientKey }) => toHex(recipientKey)));
  return {
    missing: members.filter(({ recipientKey }) => !server.has(toHex(recipientKey))),
    extra: serverMembers.filter((key) => !group.has(toHex(key))).map((key) => new Uint8Array(key)),
  };
}
