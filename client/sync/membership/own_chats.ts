/**
 * The account's own chats on a device that came later (specification §3.7): what one device has taken, another does
 * not ask about again.
 *
 * The vault names the channels that the account has taken. A channelId is no proof of its group, because the server
 * gives out Welcomes and knows channelIds. So somebody whom the account knows in that channel, or another device of
 * it, has to stand behind the group: as the one who added this device, or by a leaf that is signed for this very group.
 */

import { type Bytes, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { type ChatListChange, maxVaultPeople } from "../../account/vault/chat_list.ts";
import type { GroupState } from "../../mls/group.ts";
import { accept } from "../conversation/acceptance.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isIn, isMember, isShown } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** `named`: the vault names the channel, and nobody stands behind the group yet. */
export type OwnChat = "no" | "named" | "proven";

/**
 * Judges a group that this device was added to.
 *
 * @param state of the group
 * @param adderKey hex: the account of the device that signed the Welcome, where that is known
 * @throws StorageError
 */
export async function judgeOwnChat(
  context: Pick<SyncContext, "account" | "mls" | "ownKey">,
  state: GroupState,
  adderKey?: string,
): Promise<OwnChat> {
  const { account, mls, ownKey } = context;
  const list = await account.vault.chats();
  const { channelId } = state;
  if (!list.has(channelId)) return "no";
  if (adderKey !== undefined && await list.knows(channelId, fromHex(adderKey))) return "proven";
  for (const { credential, recipientKey } of mls.signedInGroup(state)) {
    if (equalBytes(recipientKey, account.recipientKey)) continue;
    const isOwn = toHex(credential.accountKey) === ownKey;
    if (!isOwn && !await list.knows(channelId, credential.accountKey)) continue;
    if (!await isKnownRevoked(context, credential)) return "proven";
  }
  return "named";
}

/** Judges all invitations again, after the vault was read. @throws StorageError */
export async function takeOwnChats(context: SyncContext): Promise<void> {
  const { conversations } = context;
  for (const { id, record } of conversations.all()) {
    if (!isAsked(record)) continue;
    const state = await conversations.withState(id);
    const own = state?.active ? await judgeOwnChat(context, state) : "no";
    if (own === "no" || (own === "named" && record.onOtherDevices)) continue;
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(id);
      if (!conversation || !isAsked(conversation.record)) return;
      if (own === "proven") accept(context, unit, conversation);
      else conversation.set({ onOtherDevices: true });
    });
  }
}

/** An invitation back into a chat is asked about on each device: the account had taken that chat before. */
function isAsked(record: Readonly<ConversationRecord>): boolean {
  return record.invitation && isMember(record) && !record.leaving && !record.needsAcceptance;
}

/**
 * What this device tells the vault of the account's chats. Invitations are left out, because strangers could fill the
 * vault with them.
 *
 * @param withGone also those that it has left, or that went on in another channel. Only for what has just happened:
 *   two devices that differ would else write by turns
 */
export function chatListChange(
  { conversations, ownKey }: Pick<SyncContext, "conversations" | "ownKey">,
  withGone: boolean,
): ChatListChange {
  const records = conversations.all().map(({ record }) => record).filter(isShown);
  const taken = records.filter((record) => isIn(record) && !record.invitation);
  return {
    own: taken.map((record) => ({ channelId: record.channelId, people: peopleOf(record, ownKey) })),
    gone: withGone
      ? [
        ...records.filter((record) => !isIn(record)).map(({ channelId }) => channelId),
        ...records.flatMap(({ earlier }) => earlier?.map(fromHex) ?? []),
      ].filter((id) => !taken.some(({ channelId }) => equalBytes(channelId, id)))
      : [],
  };
}

/** @returns the account keys that the vault names for a chat: the other one of two, or the first admins */
function peopleOf(record: Readonly<ConversationRecord>, ownKey: string): Bytes[] {
  // What a device knows of a group that it can not follow may be old.
  if (!isMember(record)) return [];
  const keys = record.kind === "direct"
    ? [record.peer?.accountKey]
    : record.members.filter(({ role }) => role === "admin").map(({ accountKey }) => accountKey).sort();
  return keys.filter((key) => key !== undefined && key !== ownKey).slice(0, maxVaultPeople).map((key) => fromHex(key!));
}
