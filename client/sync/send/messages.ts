/** The history of conversations: sends texts, reads pages, marks as read, deletes expired records. */

import { messageIdOf } from "../../content/message_id.ts";
import { fromHex, toHex, utf8 } from "../../../schema/bytes.ts";
import type { TimelinePage } from "../../api/engine_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { maxTextBytes, textKind } from "../../content/kinds/text.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { GuardError } from "../../storage/storage.ts";
import { markOwn, type Outbox } from "./outbox.ts";
import {
  editedPrefix,
  type EditedRecord,
  firstBytesForMs,
  keys,
  type LineRecord,
  seenForMs,
  type SeenRecord,
  type UnreadableRecord,
} from "../conversation/records.ts";
import type { SealedRecord } from "../../storage/sealed_store.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { itemOf } from "../conversation/projection.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { isMember } from "../conversation/standing.ts";

const defaultPage = 50;
const longestPage = 200;

/** For how long the result "no account key has changed" of a chat is reused, in ms. */
const unchangedForMs = 5_000;

const sweepEveryMs = 30 * 60_000;
const sweepPage = 200;

/**
 * Sends messages: content, ratchet and outbox in one transaction, before anything leaves. It also reads pages of
 * the history and deletes what was kept for a time only.
 */
export class Messages {
  readonly #context: SyncContext;
  readonly #outbox: Outbox;
  readonly #unchanged = new Map<string, number>();
  #sweptMs = -Infinity;

  constructor(context: SyncContext, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
  }

  /**
   * Seals a text and stores it with all its effects in one write. The network comes after. A second call with
   * the same id sends nothing more, except a message that has failed: it is sent again.
   *
   * @param messageIdHex 16 bytes as hex
   * @throws EngineError L010, L011, L007, L016, L018, L005
   */
  async send(chatId: string, messageIdHex: string, text: string): Promise<void> {
    const messageId = messageIdOf(messageIdHex);
    if (!messageId || text === "") {
      throw new EngineError({ code: LocalCode.internal, detail: "a message needs an id and a text" });
    }
    if (utf8(text).length > maxTextBytes) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: `a text of at most ${maxTextBytes} bytes` });
    }
    await this.requireUnchanged(chatId);
    const { conversations, store, ownKey } = this.#context;
    for (let tries = 0;; tries++) {
      try {
        return await conversations.update((unit) => this.#put(unit, chatId, messageIdHex, text));
      } catch (error) {
        if (!(error instanceof GuardError) || error.code === "fenced") throw error;
        const seen = await store.get<SeenRecord>("messageids", keys.seen(chatId, ownKey, messageIdHex));
        if (seen) return await conversations.update((unit) => this.#putAgain(unit, chatId, messageIdHex, seen.order));
        // The copy in memory was old, and has been read again.
        if (tries > 0) throw error;
      }
    }
  }

  /** @param before an `order`: only items before it */
  async page(chatId: string, before?: string, limit: number = defaultPage): Promise<TimelinePage> {
    const wanted = Math.max(1, Math.min(limit, longestPage));
    const found = await this.#context.conversations.lines(chatId, before, wanted + 1);
    const more = found.length > wanted;
    const items = (more ? found.slice(1) : found).map(itemOf);
    return more ? { items, before: items[0].order } : { items };
  }

  async markRead(chatId: string): Promise<void> {
    if (!this.#context.conversations.get(chatId)?.record.unread) return;
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (conversation && conversation.record.unread > 0) conversation.set({ unread: 0 });
    });
  }

  /**
   * Deletes expired records. It is called with each connection, but runs only now and then, because a long
   * history is much work.
   *
   * @throws StorageError
   */
  async sweep(): Promise<void> {
    const nowMs = this.#context.account.clock.now();
    if (nowMs < this.#sweptMs + sweepEveryMs && nowMs >= this.#sweptMs) return;
    this.#sweptMs = nowMs;
    await this.#dropFirstBytes(nowMs);
    await this.#deleteOld<SeenRecord>(
      "messageids",
      (key, { atMs }) => !key.includes("/mimi/") && atMs + seenForMs < nowMs,
    );
    await this.#deleteOld<UnreadableRecord>("unreadable", (_key, { untilMs }) => untilMs < nowMs);
  }

  async #deleteOld<T>(store: "messageids" | "unreadable", isOld: (key: string, value: T) => boolean): Promise<void> {
    for await (const page of this.#pages<T>(store, "")) {
      const old = page.filter(({ key, value }) => isOld(key, value));
      if (old.length === 0) continue;
      await this.#context.conversations.update((unit) => {
        for (const { key } of old) unit.delete(store, key);
        return Promise.resolve();
      });
    }
  }

  /** Deletes the first bytes of own edited messages that are too old for a resend (specification §7.6). */
  async #dropFirstBytes(nowMs: number): Promise<void> {
    const { store, conversations } = this.#context;
    for await (const page of this.#pages<EditedRecord>("messageids", editedPrefix)) {
      for (const { key, value: { chatId, order, atMs } } of page) {
        if (atMs + firstBytesForMs >= nowMs) continue;
        await conversations.update(async (unit) => {
          // This holds the chat's mutex, so that no other unit changes the line meanwhile.
          await unit.conversation(chatId);
          unit.delete("messageids", key);
          const place = keys.line(chatId, order);
          const item = await store.get<LineRecord>("messages", place);
          if (item?.kind !== "message" || !item.content) return;
          const { content: _first, ...bare } = item;
          unit.put("messages", place, bare, { channelId: fromHex(chatId) });
        });
      }
    }
  }

  /**
   * Reads one page at a time, so that memory never holds a long history, and other work can run between
   * pages.
   */
  async *#pages<T>(store: "messageids" | "unreadable", prefix: string): AsyncGenerator<SealedRecord<T>[]> {
    let after: string | undefined;
    do {
      const page = await this.#context.store.range<T>(store, prefix, {
        limit: sweepPage,
        ...(after !== undefined && { after }),
      });
      after = page.length === sweepPage ? page.at(-1)!.key : undefined;
      yield page;
    } while (after !== undefined);
  }

  async #put(unit: UnitOfWork, chatId: string, messageId: string, text: string): Promise<void> {
    const { account, ownKey } = this.#context;
    const conversation = await this.#conversationToSendIn(unit, chatId);
    const content = textKind.write({ text }, crypto.getRandomValues(new Uint8Array(16)));
    const bytes = encodeMimiContent(content);
    const atMs = account.clock.now();
    const order = conversation.append({
      kind: "message",
      messageId,
      sender: account.username,
      senderKey: ownKey,
      own: true,
      text,
      atMs,
      state: "waiting",
      content: bytes,
    });
    // An answer accepts an invitation, and marks the conversation as read.
    if (conversation.record.invitation || conversation.record.unread > 0) {
      conversation.set({ invitation: false, unread: 0 });
    }
    markOwn(unit, chatId, ownKey, messageId, { order, atMs });
    const id = await mimiMessageId(
      accountUri(account.accountKey),
      roomUri(conversation.record.firstChannelId),
      bytes,
      content.salt,
    );
    unit.put("messageids", keys.mimi(chatId, toHex(id)), { order, atMs } satisfies SeenRecord);
    await this.#outbox.enqueue(unit, conversation, { messageId, order, kind: "message", content: bytes });
  }

  /** Puts a failed message back into the outbox, in its old place. Any other message stays as it is. */
  async #putAgain(unit: UnitOfWork, chatId: string, messageId: string, order: string): Promise<void> {
    const conversation = await this.#conversationToSendIn(unit, chatId);
    // The unit holds the conversation's mutex: nothing changes the item meanwhile.
    const item = await this.#context.store.get<LineRecord>("messages", keys.line(chatId, order));
    if (item?.kind !== "message" || item.state !== "failed" || item.messageId !== messageId) return;
    const { errorCode: _old, content, ...line } = item;
    if (!content) throw new EngineError({ code: LocalCode.internal, detail: "an old record without its content" });
    conversation.change({ ...line, content, state: "waiting" });
    await this.#outbox.enqueue(unit, conversation, { messageId, order, kind: "message", content });
  }

  /** @throws EngineError L010, L018 */
  async #conversationToSendIn(unit: UnitOfWork, chatId: string): Promise<ConversationTransaction> {
    const conversation = await unit.conversation(chatId);
    if (
      !conversation || !isMember(conversation.record) || conversation.record.leaving
    ) {
      throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
    }
    if (conversation.record.invitation && conversation.record.needsAcceptance) {
      throw new EngineError({
        code: LocalCode.notAccepted,
        detail: "somebody who was not in the chat has brought this device back",
      });
    }
    return conversation;
  }

  /** A pin has changed: cached results about the chats' keys are void. */
  pinsChanged(): void {
    this.#unchanged.clear();
  }

  /**
   * Specification §1.6, pins: nothing is sent to an account whose key has changed before the user decides,
   * and nothing to a key that the user has replaced.
   *
   * @throws EngineError L007, L016
   */
  async requireUnchanged(chatId: string): Promise<void> {
    const { conversations, account, ownKey } = this.#context;
    const chat = conversations.get(chatId);
    const nowMs = this.#context.environment.now();
    if (!chat || nowMs < (this.#unchanged.get(chatId) ?? 0)) return;
    await account.directory.requireUnchanged(
      chat.record.members.filter(({ accountKey }) => accountKey !== ownKey).map(({ username, accountKey }) => ({
        username,
        accountKey: fromHex(accountKey),
      })),
    );
    this.#unchanged.set(chatId, nowMs + unchangedForMs);
  }
}
