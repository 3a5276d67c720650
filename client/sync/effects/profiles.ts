/** Takes the profiles of others, and notes what the own account's other devices have told (specification §7.11). */

import { toHex } from "../../../schema/bytes.ts";
import { isAhead, type Profile } from "../../content/profile.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { faceKey, type FaceRecord } from "../conversation/faces.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** A profile, and whose it is by the MLS leaf. */
export interface ReceivedProfile {
  /** Undefined: it says nothing that counts. */
  profile: Profile | undefined;
  /** Account key as hex. */
  senderKey: string;
  atMs: number;
  /** In which it was sealed, where that is known. */
  epoch?: number;
}

/** Takes a profile. One that is not newer than the known one of the account changes nothing. @throws StorageError */
export async function takeProfile(
  { store, ownKey, events }: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  { profile, senderKey, atMs, epoch }: ReceivedProfile,
): Promise<void> {
  if (!profile || isAhead(profile.v, atMs)) return;
  const { record } = conversation;
  if (senderKey === ownKey) {
    const isNews = epoch !== undefined && profile.v >= countedOf(record.profileTold, atMs);
    if (isNews) conversation.set({ profileTold: { v: profile.v, channel: toHex(record.channelId), epoch } });
    return;
  }
  const known = await unit.read<FaceRecord>(store, "account", faceKey(senderKey));
  if (countedOf(known, atMs) >= profile.v) return;
  const face: FaceRecord = { ...profile, atMs };
  unit.put("account", faceKey(senderKey), face);
  unit.onceStored(() => events.emit("faceChanged", senderKey, face));
}

/** @returns the number of what is known; 0 where it is none that counts */
function countedOf(known: { v: number } | undefined, atMs: number): number {
  return known && !isAhead(known.v, atMs) ? known.v : 0;
}
