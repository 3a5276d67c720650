/**
 * The secrets and hashes of a group's newest epochs, kept to help other members.
 *
 * The hybrid secret answers a reseal request. The transcript hash tells whether a replacement channel
 * continues this group's history (specification §3.5). A secret alone opens nothing: the key schedule also
 * takes the MLS secrets of the epoch before.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { GroupState } from "../../mls/group.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import { keys, unreadableForMs } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

export interface PastEpoch {
  n: number;
  /** hex */
  commitId: string;
  /** 32 bytes */
  S: Bytes;
  /** The confirmed transcript hash, 32 bytes. */
  hash: Bytes;
  atMs: number;
  /**
   * Devices (recipientKeys as hex) that the commit added or added again. Absent where this device came in by a Welcome,
   * and in records of earlier versions.
   */
  added?: string[];
}

/** A device that missed a header can be helped over this many commits. */
const rememberedEpochs = 8;

/** @returns oldest first; includes the changes of this unit */
export async function epochHistory(
  { store }: SyncContext,
  unit: UnitOfWork,
  { id }: ConversationTransaction,
): Promise<PastEpoch[]> {
  return await unit.read<PastEpoch[]>(store, "epochs", keys.pastEpochs(id)) ?? [];
}

/**
 * Notes the epoch that `state` has just entered. @param fresh whether the noted epochs are of another channel
 */
export async function noteEpoch(
  context: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  state: GroupState,
  { commitId, S, added }: { commitId: Uint8Array; S: Bytes; added?: Uint8Array[] },
  fresh = false,
): Promise<void> {
  const nowMs = context.account.clock.now();
  const before = fresh
    ? []
    : (await epochHistory(context, unit, conversation)).filter(({ n, atMs }) =>
      n < Number(state.epoch) && n > Number(state.epoch) - rememberedEpochs && atMs + unreadableForMs > nowMs
    );
  const hash = state.active ? context.mls.transcriptHash(state) : new Uint8Array(32);
  const noted: PastEpoch[] = [...before, {
    n: Number(state.epoch),
    commitId: toHex(commitId),
    S,
    hash,
    atMs: nowMs,
    ...(added && { added: added.map(toHex) }),
  }];
  unit.put("epochs", keys.pastEpochs(conversation.id), noted.slice(-rememberedEpochs), {
    channelId: conversation.storageId,
  });
}

/**
 * The epoch whose secret a device asks for, if it was a member then. A device that came later, or was put back since,
 * gets nothing of the time before (specification §3.4, §3.5).
 *
 * @param past of {@link epochHistory}
 * @param device recipientKey of a present member
 * @returns undefined, too, where it is not known who came since: such a device is put back instead
 */
export function epochFor(
  past: PastEpoch[],
  n: number,
  commitId: Uint8Array,
  device: Uint8Array,
): PastEpoch | undefined {
  const place = past.findIndex((candidate) => candidate.n === n && candidate.commitId === toHex(commitId));
  const key = toHex(device);
  const isKnown = past.slice(place + 1).every(({ n: since, added }, index) =>
    since === n + index + 1 && added !== undefined && !added.includes(key)
  );
  return isKnown ? past[place] : undefined;
}
