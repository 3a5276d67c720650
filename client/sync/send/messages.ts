/** Sends texts: makes the content and the line, and puts the message into the outbox. */

import { fromHex, utf8 } from "../../../schema/bytes.ts";
import { maxTextBytes, type MessageRef, type SendOptions } from "../../api/engine_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { messageIdOf } from "../../content/message_id.ts";
import { replyKind } from "../../content/kinds/reply.ts";
import { textKind } from "../../content/kinds/text.ts";
import { requireVisible } from "../../content/visible_text.ts";
import { GuardError } from "../../storage/storage.ts";
import type { Outbox } from "./outbox.ts";
import { appendOwnLine, type WrittenContent } from "./own_line.ts";
import { messageLine, mimiIdOf } from "../conversation/line_lookup.ts";
import { moveLine, ownMessage } from "../conversation/moved_line.ts";
import { keys, type LineRecord, type SeenRecord } from "../conversation/records.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { isMember } from "../conversation/standing.ts";

/** For how long the result "no account key has changed" of a chat is reused, in ms. */
const unchangedForMs = 5_000;

type MakeContent = (conversation: ConversationTransaction) => WrittenContent | Promise<WrittenContent>;

/** Requires that a text can be sent: something to be seen, of at most 16 KiB. @throws EngineError L011, L032 */
export function requireText(text: string): void {
  requireVisible(text, "a message");
  if (utf8(text).length > maxTextBytes) {
    throw new EngineError({ code: LocalCode.tooLarge, detail: `a text of at most ${maxTextBytes} bytes` });
  }
}

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
  async send(chatId: string, messageIdHex: string, text: string, { replyTo }: SendOptions = {}): Promise<void> {
    requireText(text);
    await this.sendContent(chatId, messageIdHex, (conversation) => this.#textOf(conversation, text, replyTo));
  }

  /**
   * Sends a content that makes a line, as {@link send} does.
   *
   * @param make called once for each try to store it
   */
  async sendContent(chatId: string, messageIdHex: string, make: MakeContent): Promise<void> {
    const messageId = messageIdOf(messageIdHex);
    if (!messageId) throw new EngineError({ code: LocalCode.internal, detail: "a message needs an id" });
    await this.requireUnchanged(chatId);
    const { conversations, store, ownKey } = this.#context;
    for (let tries = 0;; tries++) {
      try {
        return await conversations.update((unit) => this.#put(unit, chatId, messageIdHex, make));
      } catch (error) {
        if (!(error instanceof GuardError) || error.code === "fenced") throw error;
        const seen = await store.get<SeenRecord>("messageids", keys.seen(chatId, ownKey, messageIdHex));
        if (seen) return await conversations.update((unit) => this.#putAgain(unit, chatId, messageIdHex));
        // The copy in memory was old, and has been read again.
        if (tries > 0) throw error;
      }
    }
  }

  /** Sends a failed message again, behind all others; any other stays. @throws EngineError L007, L010, L016, L018 */
  async again(chatId: string, messageId: string): Promise<void> {
    await this.requireUnchanged(chatId);
    await this.#context.conversations.update((unit) => this.#putAgain(unit, chatId, messageId));
  }

  /**
   * Sends the text of a message to other chats.
   *
   * @param to the id of the new message in each chat, 16 bytes as hex
   * @throws EngineError L019 where there is no text to forward, and as {@link send}
   */
  async forward(chatId: string, message: MessageRef, to: { chatId: string; messageId: string }[]): Promise<void> {
    const line = await messageLine(this.#context, chatId, message);
    if (!line || line.deleted || line.unsupported || line.text === "") {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "the message has no text to forward" });
    }
    for (const other of to) await this.send(other.chatId, other.messageId, line.text);
  }

  async #put(unit: UnitOfWork, chatId: string, messageId: string, make: MakeContent): Promise<void> {
    const conversation = await this.conversationToSendIn(unit, chatId);
    const written = await make(conversation);
    const { order, mimiId, bytes } = await appendOwnLine(this.#context, unit, conversation, messageId, written);
    await this.#context.drafts.sent(unit, chatId, written.shown.text);
    await this.#outbox.enqueue(unit, conversation, { messageId, mimiId, order, kind: "message", content: bytes });
  }

  async #textOf(
    conversation: ConversationTransaction,
    text: string,
    replyTo: MessageRef | undefined,
  ): Promise<WrittenContent> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const original = replyTo && await messageLine(this.#context, conversation.id, replyTo);
    const id = original && await mimiIdOf(this.#context, conversation, original);
    if (!original || id === undefined) return { content: textKind.write({ text }, salt), shown: { text } };
    const { order, messageId } = original;
    return {
      content: replyKind.write({ text, inReplyTo: fromHex(id) }, salt),
      shown: { text, replyTo: { id, order, messageId } },
    };
  }

  /** Puts a failed message back into the outbox, behind all others. Any other message stays as it is. */
  async #putAgain(unit: UnitOfWork, chatId: string, messageId: string): Promise<void> {
    const conversation = await this.conversationToSendIn(unit, chatId);
    // The unit holds the conversation's mutex: nothing changes or moves the line meanwhile.
    const known = await ownMessage(this.#context, chatId, messageId);
    const line = known && await this.#context.store.get<LineRecord>("messages", keys.line(chatId, known.order));
    // Its write may have been told to have failed.
    unit.onceStored(() => this.#outbox.flush(chatId));
    if (line?.kind !== "message" || line.state !== "failed" || line.messageId !== messageId) return;
    const { errorCode: _old, content, ...same } = line;
    if (!content) throw new EngineError({ code: LocalCode.internal, detail: "an old record without its content" });
    const waiting = { ...same, content, state: "waiting" as const, order: conversation.changes.reserveWaitingPlace() };
    await moveLine(this.#context, unit, conversation, waiting, {
      from: line.order,
      content,
      mimiId: known?.mimiId,
    });
    const { order } = waiting;
    await this.#outbox.enqueue(unit, conversation, { messageId, order, kind: "message", content });
  }

  /** @throws EngineError L010, L018 */
  async conversationToSendIn(unit: UnitOfWork, chatId: string): Promise<ConversationTransaction> {
    const conversation = await unit.conversation(chatId);
    if (
      !conversation || !isMember(conversation.record) || conversation.record.leaving
    ) {
      throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
    }
    const { kind, peer } = conversation.record;
    if (kind === "direct" && peer && this.#context.account.settings.isBlocked(peer.accountKey)) {
      throw new EngineError({ code: LocalCode.blocked, detail: `${peer.username} is blocked` });
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
