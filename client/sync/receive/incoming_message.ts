/** An application entry: opens the envelope, and applies the content in the unit that moves the ratchet. */

import { toHex } from "../../../schema/bytes.ts";
import { missedKey, noteFound, noteMissed } from "../conversation/missed_messages.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { noteHeard, noteLeftChannelUsed, noteStillListed } from "../reinit/gone.ts";
import { ContentEffects } from "../effects/content_effects.ts";
import { takesRoom } from "./invited_room.ts";
import { fallOutOfStep, remember } from "./rejection.ts";
import { receiveUnopened } from "./unopened_message.ts";
import { isIn } from "../conversation/standing.ts";
import type { EntryContext } from "../conversation/entry_context.ts";

/**
 * @param careful looks first whether the message is stored already. Without it, the write of a stored message
 *   fails (GuardError), which saves a read for each message
 */
export async function receiveMessage(
  received: EntryContext,
  careful: boolean,
): Promise<void> {
  const { context, unit, entry } = received;
  const chatId = unit.chatOf(entry.channelId);
  // The conversation has moved to a replacement channel.
  if (chatId === undefined) return noteLeftChannelUsed(received);
  const conversation = await unit.conversation(chatId);
  if (conversation && isIn(conversation.record) && !conversation.state) {
    fallOutOfStep(received, conversation, {
      kind: "rejected",
      code: "state-lost",
      reason: "the group's state is gone or damaged",
    });
    return;
  }
  if (!conversation?.state || !isIn(conversation.record)) {
    // This device is not in the group. Its Welcome was refused, with a notice, or the removal came first.
    remember(received, chatId, "no-group");
    noteStillListed(received, conversation);
    return;
  }
  const result = await context.mls.openMessage(conversation.state, {
    epoch: BigInt(entry.epoch),
    messageId: entry.id,
    envelope: entry.body,
  });
  if (result.kind !== "processed") return await receiveUnopened(received, conversation, result);
  noteHeard(received, conversation, result.sender);
  const senderKey = toHex(result.sender.credential.accountKey);
  const seenKey = keys.seen(chatId, senderKey, toHex(entry.id));
  const seen = (order: string) =>
    unit.put("messageids", seenKey, { order, atMs: entry.receivedMs } satisfies SeenRecord);
  if (result.envelopeKind === "proposal") {
    conversation.moveRatchet(result.newState, result.record, result.consumed);
    seen("");
    unit.onceStored(() => context.events.emit("leaveProposed", chatId));
    return;
  }
  const repeated = unit.peek("messageids", seenKey) !== undefined ||
    (careful && await context.store.get("messageids", seenKey) !== undefined);
  if (!repeated && !takesRoom(conversation, entry.body.length)) {
    conversation.moveRatchet(result.newState, result.record, result.consumed);
    // Its sender is asked for it when the user has accepted.
    return await noteMissed(context, unit, conversation, missedKey(chatId, senderKey, toHex(entry.id)), {
      epoch: entry.epoch,
      receivedMs: entry.receivedMs,
      device: toHex(result.sender.recipientKey),
      nowMs: context.account.clock.now(),
    });
  }
  const incoming = new ContentEffects(context, unit, conversation, careful);
  // It did not open before, and its sender has sent it again.
  const found = repeated
    ? undefined
    : await noteFound(context, unit, conversation, missedKey(chatId, senderKey, toHex(entry.id)));
  const ready = repeated ? undefined : await incoming.read({
    messageId: toHex(entry.id),
    sender: result.sender.credential,
    receivedMs: entry.receivedMs,
    epoch: entry.epoch,
    revokedDevice: await isKnownRevoked(context, result.sender.credential),
    content: result.content!,
    ...(found && { place: found.order }),
  });
  conversation.moveRatchet(result.newState, result.record, result.consumed);
  if (!ready) return;
  const order = await incoming.carryOut(ready);
  // Taken twice, it says nothing new.
  if (ready.kind === "receipt" || ready.kind === "profile") return;
  if (!careful) unit.requireAbsent("messageids", seenKey);
  seen(order);
}
