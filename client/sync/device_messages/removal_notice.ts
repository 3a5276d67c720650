/**
 * A removed device cannot open the commit that removes it, so the committer first sends it a signed notice.
 *
 * The notice goes out before the commit, while both devices share the channel (docs/decisions/015). The removed
 * device believes it once the server says `removed` for that very commit (docs/decisions/019).
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { delivery, type Entry } from "../../../schema/rpc/methods.ts";
import type { PendingCommit } from "../../mls/group.ts";
import type { EntryContext } from "../conversation/entry_context.ts";
import { type DeviceMessage, sealDeviceMessage } from "./device_messages.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { isIn } from "../conversation/standing.ts";

/**
 * The sender's side, called before the commit. Without the notice the removed device only has the server's
 * word. So a failure to send it never delays the commit.
 */
export async function sendRemovalNotices(
  { account, rpc }: SyncContext,
  channelId: Uint8Array<ArrayBuffer>,
  { n, commitId, removed }: PendingCommit,
): Promise<void> {
  await Promise.all(removed.map(async (to) => {
    const body = await sealDeviceMessage({
      channelId,
      from: account.recipientKey,
      to,
      content: { kind: "removing", n: Number(n), commitId },
    }, account.deviceSeed);
    // One notice for each commit, however often it is sent.
    await rpc.call(delivery.enqueue, { recipientKey: to, channelId, messageId: commitId, body }).catch(() => {});
  }));
}

/**
 * The receiver's side: stores the notice of a member that may remove this device. The notice goes into the
 * unit of its entry, because the removal may be the next entry.
 */
export async function storeRemovalNotice(
  { context, unit, entry }: EntryContext,
  { from, content: { n, commitId } }: DeviceMessage,
): Promise<void> {
  const { mls, ownKey } = context;
  const chatId = unit.chatOf(entry.channelId);
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (!conversation || !isIn(conversation.record) || !conversation.state) return;
  const member = mls.members(conversation.state).find(({ recipientKey }) => equalBytes(recipientKey, from));
  const own = member !== undefined && toHex(member.credential.accountKey) === ownKey;
  if (member && (own || member.role === "admin") && !await isKnownRevoked(context, member.credential)) {
    conversation.set({ announced: { commitId: toHex(commitId), n, by: member.credential.username, own } });
  }
}

/** @returns the member that announced the commit that removed this device */
export function noticedRemover(
  { record: { announced } }: ConversationTransaction,
  { id, epoch }: Entry,
): { by: string; own: boolean } | undefined {
  return announced?.commitId === toHex(id) && announced.n === epoch ? announced : undefined;
}
