/**
 * Applies a message's content to its conversation: a new line, or a change of an earlier line. A change of a
 * message that has not arrived yet is kept, and applied when that message arrives (specification §7.5).
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import type { Effect, Target } from "../../content/content_kind.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { readContent, type ReadMessage } from "../../content/registry.ts";
import type { Member } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { contentOf, type MessageItem, withContent } from "../conversation/message_item.ts";
import {
  type AheadChange,
  type AheadRecord,
  type ItemRecord,
  keys,
  seenForMs,
  type SeenRecord,
} from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/**
 * How many changes of one account are kept for one message that has not arrived; further changes are dropped.
 */
const maxChangesAhead = 8;
/** The longest kept change, in bytes of its container. */
const maxAheadBytes = 20 * 1024;
/** How many kept changes are applied when their message arrives. */
const maxChangesAtOnce = 64;

/** A decrypted message. */
export interface ReceivedMessage {
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  sender: Member;
  receivedMs: number;
  /** The container's bytes. */
  content: Bytes;
}

/** A decoded message whose effects are not in the conversation yet. */
interface ReadyMessage extends AheadChange {
  message: ReadMessage;
  target: (Target & { item: MessageItem }) | undefined;
  effect: Effect;
}

export type Ready = ({ kind: "read" } & ReadyMessage) | { kind: "malformed"; who: string; atMs: number };

/** Applies the contents of one conversation's messages in one unit of work. */
export class IncomingContent {
  readonly #context: SyncContext;
  readonly #unit: UnitOfWork;
  readonly #conversation: ConversationTransaction;

  constructor(context: SyncContext, unit: UnitOfWork, conversation: ConversationTransaction) {
    this.#context = context;
    this.#unit = unit;
    this.#conversation = conversation;
  }

  /**
   * Reads a message and finds what it is about. Nothing changes. The sender is the MLS leaf (GRP-1).
   *
   * @throws StorageError
   */
  async prepare({ messageId, sender, receivedMs, content }: ReceivedMessage): Promise<Ready> {
    const { username, accountKey } = sender.credential;
    const read = readContent(content);
    if (read.kind === "malformed") return { kind: "malformed", who: username, atMs: receivedMs };
    const room = roomUri(this.#conversation.record.firstChannelId);
    const id = toHex(await mimiMessageId(accountUri(accountKey), room, content, read.salt));
    const change = { id, messageId, sender: username, senderKey: toHex(accountKey), atMs: receivedMs, content };
    return { kind: "read", ...await this.#ready(change, read.message) };
  }

  /**
   * Applies the message, and then the kept changes that waited for it.
   *
   * @returns the place of the line that was made or changed; empty where there is none
   * @throws StorageError
   */
  async carryOut(ready: Ready): Promise<string> {
    if (ready.kind === "malformed") {
      this.#conversation.notice("rejected", { code: "content", who: ready.who }, ready.atMs);
      return "";
    }
    const order = await this.#carryOut(ready);
    const known = order === "" ? [] : [ready.id];
    for (let made = 0; known.length > 0 && made < maxChangesAtOnce;) {
      for (const change of await this.#takeAhead(known.shift()!)) {
        const read = readContent(change.content);
        if (read.kind !== "read") continue;
        if (await this.#carryOut(await this.#ready(change, read.message)) !== "") known.push(change.id);
        made++;
      }
    }
    return order;
  }

  async #ready(received: AheadChange, message: ReadMessage): Promise<ReadyMessage> {
    const target = message.refersTo && await this.#target(toHex(message.refersTo));
    return { ...received, message, target, effect: message.apply(received, target) };
  }

  async #carryOut(ready: ReadyMessage): Promise<string> {
    const { id, sender, atMs, effect, message, target } = ready;
    switch (effect.kind) {
      case "append":
        return this.#note(id, { order: this.#append(ready, effect.content), atMs });
      case "change": {
        const { order } = this.#change(target!.item, effect.content);
        const { reactionId } = effect;
        return this.#note(id, { order, atMs, ...(reactionId !== undefined && { reaction: reactionId }) });
      }
      case "wait":
        await this.#keep(ready, toHex(message.refersTo!));
        return "";
      case "refused":
        this.#conversation.notice("rejected", { code: "content", who: sender }, atMs);
        return "";
      case "nothing":
        return "";
    }
  }

  #append(
    { messageId, sender, senderKey, atMs, content: bytes, message }: ReadyMessage,
    content: MessageContent,
  ): string {
    const own = senderKey === this.#context.ownKey;
    return this.#conversation.append({
      kind: "message",
      messageId,
      sender,
      senderKey,
      own,
      ...(own && { elsewhere: true as const }),
      atMs,
      state: own ? "sent" : "received",
      ...content,
      ...(content.unsupported && { content: bytes }),
    }, message.countsAsUnread && !own);
  }

  #change(item: MessageItem, content: MessageContent): MessageItem {
    const conversation = this.#conversation;
    const changed = withContent(item, content);
    conversation.change(changed);
    if (item.own) {
      const isDeleted = content.deleted === true;
      if (isDeleted) this.#unit.delete("outbox", keys.item(conversation.id, item.order));
      this.#unit.afterCommit(() => this.#context.events.emit("lineChanged", conversation.id, item.order, isDeleted));
    }
    return changed;
  }

  async #target(id: string): Promise<ReadyMessage["target"]> {
    const conversation = this.#conversation;
    const seen = await this.#read<SeenRecord>(keys.mimi(conversation.id, id));
    if (!seen) return undefined;
    const { order, reaction } = seen;
    const item = conversation.items.findLast((changed) => changed.order === order) ??
      await this.#context.store.get<ItemRecord>("messages", keys.item(conversation.id, order));
    if (item?.kind !== "message") return undefined;
    const { senderKey } = item;
    return {
      item,
      order,
      senderKey,
      content: contentOf(item),
      ...(reaction !== undefined && { reactionId: reaction }),
    };
  }

  #note(id: string, seen: SeenRecord): string {
    this.#unit.put("messageids", keys.mimi(this.#conversation.id, id), seen);
    return seen.order;
  }

  async #keep({ id, messageId, sender, senderKey, atMs, content }: ReadyMessage, of: string): Promise<void> {
    const conversation = this.#conversation;
    const key = keys.ahead(conversation.id, of);
    const { changes } = await this.#read<AheadRecord>(key) ?? { changes: [] };
    const ofAccount = changes.filter((change) => change.senderKey === senderKey);
    if (content.length > maxAheadBytes || ofAccount.length >= maxChangesAhead) return;
    const nowMs = this.#context.account.clock.now();
    const kept: AheadRecord = {
      atMs: nowMs,
      changes: [...changes, { id, messageId, sender, senderKey, atMs, content }],
    };
    this.#unit.put("messageids", key, kept);
    conversation.set({ aheadUntilMs: nowMs + seenForMs });
  }

  /** @returns the kept changes that waited for this message, and forgets them */
  async #takeAhead(id: string): Promise<AheadChange[]> {
    const { id: chatId, record } = this.#conversation;
    // Saves a read for each message where no change is kept, which is nearly always.
    if (this.#context.account.clock.now() >= (record.aheadUntilMs ?? 0)) return [];
    const key = keys.ahead(chatId, id);
    const kept = await this.#read<AheadRecord>(key);
    if (!kept) return [];
    this.#unit.delete("messageids", key);
    return kept.changes;
  }

  /** Reads a record, with this unit's changes. */
  async #read<T>(key: string): Promise<T | undefined> {
    return (this.#unit.peek("messageids", key) ?? await this.#context.store.get<T>("messageids", key)) as T | undefined;
  }
}
