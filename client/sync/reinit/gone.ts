/**
 * What a device does that the others have left behind in an old channel (docs/decisions/034).
 *
 * An admin's device tells it where the group has gone (`gone`, left_channels.ts). It shows that, and sends nothing
 * more, because nobody would read it. It goes on as soon as a member is heard in its channel, or when it is added where
 * the group is: then the conversation moves there, and says again what nobody could read (follow_replacement.ts).
 */

import { equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { EntryContext } from "../conversation/entry_context.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessageOf } from "../device_messages/device_messages.ts";
import { memberOf } from "../device_messages/peers.ts";
import { isAdmin } from "../membership/admins.ts";
import { accountOf } from "./replacement_maker.ts";

/**
 * Another device says that the group has left the present channel. The word of an admin, as this device knows the chat,
 * counts, and that of the own account's devices. It moves nothing.
 *
 * @returns whether it counts and is news
 * @throws StorageError, TransportError
 */
export async function toldGone(
  context: SyncContext,
  chatId: string,
  message: DeviceMessageOf<"gone">,
): Promise<boolean> {
  const { account: { clock }, conversations, ownKey } = context;
  const { channelId, content: { n, channelId: to } } = message;
  const accountKey = await senderOf(context, chatId, message);
  if (accountKey === undefined) return false;
  return await conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    if (!conversation) return false;
    const { record } = conversation;
    // A channel of another chat is not where this group has gone.
    const other = unit.chatThatLeft(to) ?? unit.chatOf(to);
    if (other !== undefined && other !== chatId && await unit.conversation(other)) return false;
    if (
      !isIn(record) || !equalBytes(record.channelId, channelId) || equalBytes(record.channelId, to) ||
      record.gone?.channelId === toHex(to) || !(accountKey === ownKey || isAdmin(record, accountKey))
    ) return false;
    const by = record.members.find((member) => member.accountKey === accountKey)?.username ?? "";
    if (!record.gone) conversation.notice("left-behind", { by }, clock.now());
    conversation.set({ gone: { channelId: toHex(to), accountKey, n } });
    return true;
  });
}

/** @returns the account, as hex, of a member's device that is not revoked; undefined where it is none */
async function senderOf(
  context: SyncContext,
  chatId: string,
  message: DeviceMessageOf<"gone">,
): Promise<string | undefined> {
  const state = await context.conversations.withState(chatId);
  const record = context.conversations.get(chatId)?.record;
  if (state && record && !desyncOf(record)) {
    const found = await memberOf(context, chatId, message);
    return found && toHex(found.member.credential.accountKey);
  }
  // Its tree is lost or old. The accounts' own lists say whose device it is.
  const accountKey = await accountOf(context, chatId, message.from);
  const known = accountKey === undefined ? undefined : await context.account.directory.byKey(fromHex(accountKey));
  const isListed = known?.devices.devices.some(({ recipientKey }) => equalBytes(recipientKey, message.from));
  return isListed ? accountKey : undefined;
}

/**
 * An admin, as this device knows the chat, who says by a signature that the group has left the present channel for
 * another: by the Welcome that the admin's device has made, or by a device message (`gone`).
 *
 * @returns the admin's account as hex
 */
export async function vouchingAdmin(
  context: Pick<SyncContext, "account">,
  record: Readonly<Pick<ConversationRecord, "channelId" | "members" | "gone">>,
  channelId: Uint8Array,
  adder: Pick<Member, "credential">,
  leftChannels: Uint8Array[],
): Promise<string | undefined> {
  if (record.gone?.channelId === toHex(channelId)) return record.gone.accountKey;
  const accountKey = toHex(adder.credential.accountKey);
  const isVouching = isAdmin(record, accountKey) && leftChannels.some((left) => equalBytes(left, record.channelId)) &&
    !await isKnownRevoked(context, adder.credential);
  return isVouching ? accountKey : undefined;
}

/** A message or a commit of a member opened in the present channel: somebody is there. */
export function noteHeard(
  { context: { account, events }, unit }: EntryContext,
  conversation: ConversationTransaction,
  { recipientKey }: Member,
): void {
  if (!conversation.record.gone || equalBytes(recipientKey, account.recipientKey)) return;
  conversation.set({ gone: undefined });
  unit.onceStored(() => events.emit("heardAgain", conversation.id));
}

/** An entry of a conversation that this device has left at its user's wish: the group may not know that. */
export function noteStillListed(
  { context: { events }, unit, entry }: EntryContext,
  conversation: ConversationTransaction | undefined,
): void {
  if (conversation?.record.leftMs === undefined || entry.epoch < conversation.record.epoch) return;
  unit.onceStored(() => events.emit("leftUnseen", conversation.id));
}

/** An entry of a channel that its conversation has left: its sender may not know that. */
export function noteLeftChannelUsed({ context: { events }, unit, entry }: EntryContext): void {
  const chatId = unit.chatThatLeft(entry.channelId);
  if (chatId !== undefined) {
    unit.onceStored(() => events.emit("leftChannelUsed", chatId, toHex(entry.channelId)));
  }
}
