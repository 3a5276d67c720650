/** An application entry: from the envelope to a line of the conversation, in the unit that moves the ratchet. */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { messageMeaning } from "../../content/message_text.ts";
import { decodeMimiContent } from "../../content/mimi_content.ts";
import type { Member, OpenResult } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { type ItemRecord, keys, type SeenRecord } from "../conversation/records.ts";
import { breakOff, refuse, remember } from "./rejection.ts";
import type { InboxEvents, SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";

type Opened = Extract<OpenResult, { kind: "processed" }>;

/**
 * @param careful looks whether the message is there already; else the write fails (GuardError) if it is,
 *   which spares a read for each message
 */
export async function receiveMessage(
  context: SyncContext,
  events: InboxEvents,
  unit: UnitOfWork,
  entry: Entry,
  careful: boolean,
): Promise<void> {
  const chatId = unit.chatOf(entry.channelId);
  // The conversation has moved on to a successor.
  if (chatId === undefined) return;
  const conversation = await unit.conversation(chatId);
  if (conversation && isIn(conversation.record) && !conversation.state) {
    breakOff(unit, conversation, entry, {
      kind: "rejected",
      code: "state-lost",
      reason: "the group's state is gone or damaged",
    }, events);
    return;
  }
  if (!conversation?.state || !isIn(conversation.record)) {
    // A group that this device is not in: its Welcome was refused, with a notice, or the removal came first.
    remember(unit, chatId, entry, "no-group");
    return;
  }
  const result = await context.mls.openMessage(conversation.state, {
    epoch: BigInt(entry.epoch),
    messageId: entry.id,
    envelope: entry.body,
  });
  if (result.kind === "skipped") return;
  if (result.kind !== "processed") {
    if (desyncOf(conversation.record)) remember(unit, chatId, entry, "broken", conversation);
    // The queue is in order, so the commit to that epoch is not on its way: it was never put there.
    else if (result.kind === "unreadable" && result.reason === "future-epoch") {
      breakOff(unit, conversation, entry, { kind: "rejected", code: "fork", reason: "a commit is missing" }, events);
    } else refuse(unit, conversation, entry, result);
    return;
  }
  if (result.envelopeKind === "proposal") {
    conversation.moveRatchet(result.newState, result.record, result.consumed);
    unit.afterCommit(() => events.leaveProposed(chatId));
    return;
  }
  const senderKey = toHex(result.sender.credential.accountKey);
  const seenKey = keys.seen(chatId, senderKey, toHex(entry.id));
  const repeated = unit.peek("messageids", seenKey) !== undefined ||
    (careful && await context.store.get("messageids", seenKey) !== undefined);
  const shown = repeated ? undefined : await contentOf(context, unit, conversation, result);
  conversation.moveRatchet(result.newState, result.record, result.consumed);
  if (!shown) return;
  if (shown.kind === "malformed") {
    conversation.notice("rejected", { code: "content", who: result.sender.credential.username }, entry.receivedMs);
    return;
  }
  const order = shown.kind === "change"
    ? shown.item.order
    : appendMessage(context, conversation, entry, result.sender, shown.text);
  if (shown.kind === "change") conversation.change(shown.item);
  const seen: SeenRecord = { order, atMs: entry.receivedMs };
  if (!careful) unit.requireAbsent("messageids", seenKey);
  unit.put("messageids", seenKey, seen);
  unit.put("messageids", keys.mimi(chatId, toHex(shown.id)), seen);
}

function appendMessage(
  { ownKey }: SyncContext,
  conversation: ConversationTransaction,
  entry: Entry,
  { credential }: Member,
  text: string,
): string {
  const senderKey = toHex(credential.accountKey);
  const own = senderKey === ownKey;
  return conversation.append({
    kind: "message",
    messageId: toHex(entry.id),
    sender: credential.username,
    senderKey,
    own,
    ...(own && { elsewhere: true as const }),
    text,
    atMs: entry.receivedMs,
    state: own ? "sent" : "received",
  });
}

type Shown = { kind: "new"; id: Bytes; text: string } | { kind: "change"; id: Bytes; item: ItemRecord } | {
  kind: "malformed";
};

/** Who sent it is the MLS leaf (GRP-1); nothing inside of the content is believed about that. */
async function contentOf(
  context: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  { content, sender }: Opened,
): Promise<Shown> {
  try {
    const decoded = decodeMimiContent(content!);
    const id = await mimiMessageId(
      accountUri(sender.credential.accountKey),
      roomUri(conversation.record.firstChannelId),
      content!,
      decoded.salt,
    );
    const meaning = messageMeaning(decoded);
    if (meaning.kind === "text" || meaning.kind === "reaction") return { kind: "new", id, text: meaning.text };
    const original = await originalOf(context, unit, conversation, meaning.replaces);
    // Edit and delete are applied only when the sender's account is the original's (specification §7.3);
    // otherwise they say what they carry, as a message of their own.
    if (original?.senderKey !== toHex(sender.credential.accountKey)) {
      return { kind: "new", id, text: meaning.kind === "edit" ? meaning.text : "" };
    }
    const item: ItemRecord = meaning.kind === "edit"
      ? { ...original, text: meaning.text }
      : { ...original, text: "", deleted: true };
    return { kind: "change", id, item };
  } catch (error) {
    if (error instanceof MalformedError) return { kind: "malformed" };
    throw error;
  }
}

async function originalOf(
  { store }: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  id: Bytes,
): Promise<Extract<ItemRecord, { kind: "message" }> | undefined> {
  const key = keys.mimi(conversation.id, toHex(id));
  const seen = (unit.peek("messageids", key) ?? await store.get("messageids", key)) as SeenRecord | undefined;
  if (!seen) return undefined;
  const item = conversation.items.findLast(({ order }) => order === seen.order) ??
    await store.get<ItemRecord>("messages", keys.item(conversation.id, seen.order));
  return item?.kind === "message" ? item : undefined;
}
