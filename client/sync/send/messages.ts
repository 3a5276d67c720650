/** Sends texts: makes the content and the line, and puts the message into the outbox. */

import { fromHex, toHex, utf8 } from "../../../schema/bytes.ts";
import { maxTextBytes } from "../../api/engine_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { accountUri, messageIdOf, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { textKind } from "../../content/kinds/text.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { requireVisible } from "../../content/visible_text.ts";
import { GuardError } from "../../storage/storage.ts";
import { markOwn, type Outbox } from "./outbox.ts";
import { keys, type LineRecord, type SeenRecord } from "../conversation/records.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { isMember } from "../conversation/standing.ts";

/** For how long the result "no account key has changed" of a chat is reused, in ms. */
const unchangedForMs = 5_000;

/** Sends messages: content, ratchet and outbox in one transaction, before anything leaves. */
export class Messages {
  readonly #context: SyncContext;
  readonly #outbox: Outbox;
  readonly #unchanged = new Map<string, number>();

  constructor(context: SyncContext, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
  }

  /**
   * Seals a text and stores it with all its effects in one write. The network comes after. A second call with
   * the same id sends nothing more, except a message that has failed: it is sent again.
   *
   * @param messageIdHex 16 bytes as hex
   * @throws EngineError L010, L011, L032, L007, L016, L018, L005
   */
  async send(chatId: string, messageIdHex: string, text: string): Promise<void> {
    const messageId = messageIdOf(messageIdHex);
    if (!messageId) throw new EngineError({ code: LocalCode.internal, detail: "a message needs an id" });
    requireVisible(text, "a message");
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
    // An answer accepts an invitation. It marks nothing as read: what came while it was written was not seen.
    if (conversation.record.invitation) {
      conversation.set({ invitation: false });
      unit.onceStored(() => this.#context.events.emit("accepted", chatId));
    }
    markOwn(unit, chatId, ownKey, messageId, { order, atMs });
    const id = await mimiMessageId(
      accountUri(account.accountKey),
      roomUri(conversation.record.firstChannelId),
      bytes,
      content.salt,
    );
    unit.put("messageids", keys.mimi(chatId, toHex(id)), { order, atMs } satisfies SeenRecord);
    await this.#context.drafts.sent(unit, chatId, text);
    await this.#outbox.enqueue(unit, conversation, { messageId, order, kind: "message", content: bytes });
  }

  /** Puts a failed message back into the outbox, in its old place. Any other message stays as it is. */
  async #putAgain(unit: UnitOfWork, chatId: string, messageId: string, order: string): Promise<void> {
    const conversation = await this.#conversationToSendIn(unit, chatId);
    // The unit holds the conversation's mutex: nothing changes the line meanwhile.
    const line = await this.#context.store.get<LineRecord>("messages", keys.line(chatId, order));
    // Its write may have been told to have failed.
    unit.onceStored(() => this.#outbox.flush(chatId));
    if (line?.kind !== "message" || line.state !== "failed" || line.messageId !== messageId) return;
    const { errorCode: _old, content, ...same } = line;
    if (!content) throw new EngineError({ code: LocalCode.internal, detail: "an old record without its content" });
    conversation.change({ ...same, content, state: "waiting" });
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
    const conversation = conversations.get(chatId);
    const nowMs = this.#context.environment.now();
    if (!conversation || nowMs < (this.#unchanged.get(chatId) ?? 0)) return;
    await account.directory.requireUnchanged(
      conversation.record.members.filter(({ accountKey }) => accountKey !== ownKey).map(({ username, accountKey }) => ({
        username,
        accountKey: fromHex(accountKey),
      })),
    );
    this.#unchanged.set(chatId, nowMs + unchangedForMs);
  }
}
