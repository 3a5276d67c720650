/**
 * The content of a message that its sender's device gives to this one alone (specification §3.8): the answer to this
 * device's request, or a resend that a later device must not read.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { devicesThere } from "../conversation/device_history.ts";
import type { EntryContext } from "../conversation/entry_context.ts";
import { missedKey, type MissedRecord, noteFound } from "../conversation/missed_messages.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import { isIn } from "../conversation/standing.ts";
import type { DeviceMessageOf } from "../device_messages/device_messages.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { ContentEffects } from "../effects/content_effects.ts";
import { takesRoom } from "./invited_room.ts";

/**
 * Takes the content if this device has asked the sender for it, or was a member when the message was sent. The sender
 * is the member device that signed, and the content is credited to its account. A message that was seen is a repeat.
 *
 * @throws StorageError
 */
export async function receiveGiven(
  { context, unit, entry }: EntryContext,
  { channelId, from, to, content: { messageId, sentIn, n, sealed } }: DeviceMessageOf<"given">,
): Promise<void> {
  const { account, events, mls, store } = context;
  const chatId = unit.chatOf(channelId);
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (!conversation?.state?.active || !isIn(conversation.record)) return;
  const sender = conversation.members().find(({ recipientKey }) => equalBytes(recipientKey, from));
  if (!sender || equalBytes(from, account.recipientKey) || await isKnownRevoked(context, sender.credential)) return;
  const [accountKey, id] = [toHex(sender.credential.accountKey), toHex(messageId)];
  const seenKey = keys.seen(conversation.id, accountKey, id);
  if (await unit.read<SeenRecord>(store, "messageids", seenKey)) return;
  const key = missedKey(conversation.id, accountKey, id);
  const missed = await unit.read<MissedRecord>(store, "messageids", key);
  const isAsked = missed?.device === toHex(from) && missed.asks > 0;
  const own = toHex(account.recipientKey);
  if (
    !isAsked && devicesThere(conversation.record, [own], { channel: toHex(sentIn), epoch: n }).length === 0
  ) return;
  const content = await mls.openGiven(conversation.state, sealed, {
    channelId,
    sentIn,
    n: BigInt(n),
    messageId,
    from,
    to,
  });
  if (content === undefined) {
    unit.onceStored(() => events.emit("givenUnopened", conversation.id, from, { messageId, n }));
    return;
  }
  // Nothing that this device has asked for: it asks nobody in an invitation.
  if (!takesRoom(conversation, entry.body.length)) return;
  await noteFound(context, unit, conversation, key);
  const incoming = new ContentEffects(context, unit, conversation, true);
  const ready = await incoming.read({
    messageId: id,
    sender: sender.credential,
    receivedMs: missed?.receivedMs ?? entry.receivedMs,
    content,
    ...(missed && { place: missed.order }),
  });
  const order = await incoming.carryOut(ready);
  unit.put("messageids", seenKey, { order, atMs: entry.receivedMs } satisfies SeenRecord);
}
