/** An application entry: opens the envelope, and applies the content in the unit that moves the ratchet. */

import { toHex } from "../../../schema/bytes.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { IncomingContent } from "./incoming_content.ts";
import { fallOutOfStep, refuse, remember } from "./rejection.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
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
  if (chatId === undefined) return;
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
    return;
  }
  const result = await context.mls.openMessage(conversation.state, {
    epoch: BigInt(entry.epoch),
    messageId: entry.id,
    envelope: entry.body,
  });
  if (result.kind === "skipped") return;
  if (result.kind !== "processed") {
    if (desyncOf(conversation.record)) remember(received, chatId, "broken", conversation);
    // The queue is in order. So the commit to that epoch is not on its way: it was never queued.
    else if (result.kind === "unreadable" && result.reason === "future-epoch") {
      fallOutOfStep(received, conversation, { kind: "rejected", code: "fork", reason: "a commit is missing" });
    } else refuse(received, conversation, result);
    return;
  }
  if (result.envelopeKind === "proposal") {
    conversation.moveRatchet(result.newState, result.record, result.consumed);
    unit.onceStored(() => context.events.emit("leaveProposed", chatId));
    return;
  }
  const senderKey = toHex(result.sender.credential.accountKey);
  const seenKey = keys.seen(chatId, senderKey, toHex(entry.id));
  const repeated = unit.peek("messageids", seenKey) !== undefined ||
    (careful && await context.store.get("messageids", seenKey) !== undefined);
  const incoming = new IncomingContent(context, unit, conversation, careful);
  const ready = repeated ? undefined : await incoming.read({
    messageId: toHex(entry.id),
    sender: result.sender,
    receivedMs: entry.receivedMs,
    revokedDevice: await isKnownRevoked(context, result.sender.credential),
    content: result.content!,
  });
  conversation.moveRatchet(result.newState, result.record, result.consumed);
  if (!ready) return;
  const order = await incoming.carryOut(ready);
  if (ready.kind === "malformed") return;
  if (!careful) unit.requireAbsent("messageids", seenKey);
  unit.put("messageids", seenKey, { order, atMs: entry.receivedMs } satisfies SeenRecord);
}
