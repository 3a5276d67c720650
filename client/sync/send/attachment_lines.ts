/** What happens to the line of a message with files, each in one transaction with its record of the upload. */

import { fromHex } from "../../../schema/bytes.ts";
import type { MessageRef } from "../../api/engine_api.ts";
import type { StoredAttachment } from "../../attachments/attachment.ts";
import { attachmentsKind } from "../../content/kinds/attachments.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { messageLine, mimiIdOf } from "../conversation/line_lookup.ts";
import { contentOf, type MessageLine } from "../conversation/message_line.ts";
import { moveLine, ownMessage } from "../conversation/moved_line.ts";
import { keys, type LineRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { type Changes, requireFeature } from "./changes.ts";
import type { Messages } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { appendOwnLine, type WrittenContent } from "./own_line.ts";
import { uploadKey, type UploadRecord } from "./upload_record.ts";

/** What a message with files says. */
export interface FileMessage {
  text: string;
  attachments: StoredAttachment[];
  /** The message that it answers. */
  replyTo?: MessageRef | undefined;
}

/** What writing them needs beside the context. */
export interface LinesParts {
  outbox: Outbox;
  messages: Pick<Messages, "conversationToSendIn">;
  changes: Pick<Changes, "deleteForMe">;
}

/** Writes the lines of messages whose files are being sent. */
export class AttachmentLines {
  readonly #context: SyncContext;
  readonly #parts: LinesParts;

  constructor(context: SyncContext, parts: LinesParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Whether this device has such a message. */
  async knows(chatId: string, messageId: string): Promise<boolean> {
    return await ownMessage(this.#context, chatId, messageId) !== undefined;
  }

  /**
   * Puts the waiting line behind all others, with the record.
   *
   * @param signal gives the message up. It is asked while nothing else changes the chat: what deletes it comes first
   * @throws EngineError L010, L018; StorageError; the signal's reason
   */
  async append(record: UploadRecord, message: FileMessage, signal?: AbortSignal): Promise<void> {
    const { conversations, drafts } = this.#context;
    const { chatId, messageId } = record;
    await conversations.update(async (unit) => {
      const conversation = await this.#parts.messages.conversationToSendIn(unit, chatId);
      signal?.throwIfAborted();
      requireFeature(conversation, "attachments");
      const written = await this.#contentOf(conversation, message);
      await appendOwnLine(this.#context, unit, conversation, messageId, written);
      unit.put("account", uploadKey(record), record);
      await drafts.sent(unit, chatId, message.text);
    });
  }

  /** The files are on the server: the message goes, behind all that waits. @throws EngineError L010, L018 */
  async release(record: UploadRecord): Promise<void> {
    const { chatId, messageId } = record;
    await this.#context.conversations.update(async (unit) => {
      unit.delete("account", uploadKey(record));
      const conversation = await this.#parts.messages.conversationToSendIn(unit, chatId);
      const found = await this.#line(chatId, messageId);
      if (!found?.line.content) return;
      const { line: { errorCode: _old, ...line }, mimiId } = found;
      const content = line.content!;
      const order = conversation.changes.reserveWaitingPlace();
      const waiting = { ...line, content, state: "waiting" as const, order };
      await moveLine(this.#context, unit, conversation, waiting, { from: line.order, content, mimiId });
      await this.#parts.outbox.enqueue(unit, conversation, { messageId, order, kind: "message", content });
    });
  }

  /**
   * The line shows how the upload stands; the record is kept with it.
   *
   * @returns false where the message has gone into the outbox meanwhile
   * @throws StorageError
   */
  async tell(record: UploadRecord): Promise<boolean> {
    const { chatId, messageId, failed } = record;
    const key = uploadKey(record);
    return await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!await unit.read(this.#context.store, "account", key)) return false;
      unit.put("account", key, record);
      const found = conversation && await this.#line(chatId, messageId);
      if (!found) return true;
      const { errorCode: _old, ...line } = found.line;
      const state = failed === undefined ? "waiting" : "failed";
      conversation.change({ ...line, state, ...(failed !== undefined && { errorCode: failed }) });
      return true;
    });
  }

  /** The message is not sent: nothing of it is left. The record goes last, so that no line waits without it. */
  async cancel(record: UploadRecord): Promise<void> {
    const { chatId, messageId } = record;
    const line = (await this.#line(chatId, messageId))?.line;
    if (line) await this.#parts.changes.deleteForMe(chatId, line);
    await this.#context.store.write({ deletes: [{ store: "account", key: uploadKey(record) }] });
  }

  /** What is sent, and what its line shows. */
  async #contentOf(
    conversation: ConversationTransaction,
    { replyTo, ...message }: FileMessage,
  ): Promise<WrittenContent> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const original = replyTo && await messageLine(this.#context, conversation.id, replyTo);
    const id = original && await mimiIdOf(this.#context, conversation, original);
    const said = { ...message, ...(id !== undefined && { inReplyTo: fromHex(id) }) };
    const target = original && { ...original, content: contentOf(original) };
    const { content: shown } = attachmentsKind.apply(said, undefined, target);
    return { content: attachmentsKind.write(said, salt), shown };
  }

  /** The caller holds the chat's mutex: nothing moves the line meanwhile. */
  async #line(chatId: string, messageId: string): Promise<{ line: MessageLine; mimiId?: string } | undefined> {
    const known = await ownMessage(this.#context, chatId, messageId);
    const line = known && await this.#context.store.get<LineRecord>("messages", keys.line(chatId, known.order));
    if (line?.kind !== "message" || line.messageId !== messageId) return undefined;
    return { line, ...(known!.mimiId !== undefined && { mimiId: known!.mimiId }) };
  }
}
