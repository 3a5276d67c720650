/**
 * Handles a group that is ahead of the server, because the server was restored from an old backup.
 *
 * An admin's device then replaces the channel (specification §3.5). A device that is ahead of the server
 * finds out by itself. The other devices are told by members that are ahead.
 */

import { knownRestore } from "../../account/restores.ts";
import type { GroupState } from "../../mls/group.ts";
import { type Admins, isAdmin } from "../membership/admins.ts";
import type { DeviceMessage } from "../device_messages/device_messages.ts";
import { memberOf } from "../device_messages/peers.ts";
import { type ConversationRecord, togetherMs } from "../conversation/records.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isMember } from "../conversation/standing.ts";

/** An admin's device that is ahead acts by itself, so the admins are told only from this round on. */
const firstRoundOfTelling = 3;
/** For how long after a restore, in ms, a member's word that it is ahead of the server counts. */
const restoreMattersMs = 30 * 24 * 3_600_000;

/**
 * Acts when this device is ahead of the server. An admin's device replaces the channel, another device tells
 * the admins.
 *
 * @param state undefined where it is lost
 * @param members recipientKeys of the channel by the server; undefined when it knows no such channel
 * @param round from 1
 * @throws EngineError, TransportError, WireError
 */
export async function actAhead(
  { ownKey }: SyncContext,
  admins: Admins,
  chatId: string,
  record: Readonly<ConversationRecord>,
  state: GroupState | undefined,
  members: Uint8Array<ArrayBuffer>[] | undefined,
  round: number,
): Promise<void> {
  if (isAdmin(record, ownKey)) await admins.lead(chatId, state, (now) => desyncOf(now) !== undefined);
  else if (round >= firstRoundOfTelling) await admins.tell(record, record.channelId, members ?? [], "ahead", round);
}

/**
 * Acts when a member says that it is ahead of the server. An admin's device that can follow, and has all
 * entries of the server, replaces the channel from its epoch.
 *
 * @throws EngineError, TransportError, WireError
 */
export async function toldAhead(
  context: SyncContext,
  admins: Admins,
  chatId: string,
  message: DeviceMessage,
): Promise<void> {
  const { account: { clock }, ownKey, rpc, store } = context;
  const found = await memberOf(context, chatId, message);
  if (!found || !isMember(found.record) || !isAdmin(found.record, ownKey)) return;
  const { channelId, epoch, movedMs = 0 } = found.record;
  if (
    message.content.n <= epoch || movedMs > clock.now() - togetherMs ||
    (await knownRestore(store) ?? 0) + restoreMattersMs < clock.now()
  ) return;
  if ((await serverState(rpc, channelId))?.epoch === epoch) await admins.leadAtWord("ahead", chatId, found);
}
