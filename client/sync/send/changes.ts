/**
 * Sends changes of messages: reactions, edits and deletes. A change does here at once what it will do for all others,
 * by the same code (effects/content_effects.ts), in one write with its place in the outbox.
 */

import { type Bytes, fromHex, toHex, utf8 } from "../../../schema/bytes.ts";
import type { MessageRef } from "../../api/engine_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { deleteKind } from "../../content/kinds/delete.ts";
import { editKind } from "../../content/kinds/edit.ts";
import { maxReactionBytes, reactionKind } from "../../content/kinds/reaction.ts";
import { encodeMimiContent, type MimiContent } from "../../content/mimi_content.ts";
import { requireVisible } from "../../content/visible_text.ts";
import type { Feature } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { messageLine, mimiIdOf } from "../conversation/line_lookup.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { ContentEffects } from "../effects/content_effects.ts";
import { eraseLine } from "../effects/erase_line.ts";
import { type Messages, requireText } from "./messages.ts";
import { markOwn, type Outbox } from "./outbox.ts";

/** Makes the container of a change. @param id MIMI id of the message, 32 bytes @param salt 16 random bytes */
export type Write = (id: Bytes, salt: Bytes, line: MessageLine) => MimiContent | undefined;

/** Changes of messages that the user makes. */
export class Changes {
  readonly #context: SyncContext;
  readonly #outbox: Outbox;
  readonly #messages: Pick<Messages, "conversationToSendIn" | "requireUnchanged">;

  constructor(
    context: SyncContext,
    outbox: Outbox,
    messages: Pick<Messages, "conversationToSendIn" | "requireUnchanged">,
  ) {
    this.#context = context;
    this.#outbox = outbox;
    this.#messages = messages;
  }

  /** @throws EngineError L011, L032, L044 and as Messages.send */
  async react(chatId: string, message: MessageRef, sign: string): Promise<void> {
    requireVisible(sign, "a reaction");
    if (utf8(sign).length > maxReactionBytes) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: `a reaction of at most ${maxReactionBytes} bytes` });
    }
    await this.change(
      chatId,
      message,
      (inReplyTo, salt, { deleted }) => deleted ? undefined : reactionKind.write({ texts: [sign], inReplyTo }, salt),
    );
  }

  /** @throws EngineError L044 and as Messages.send */
  async takeBackReaction(chatId: string, message: MessageRef, sign: string): Promise<void> {
    const { ownKey } = this.#context;
    await this.change(chatId, message, (_message, salt, { reactions = [] }) => {
      const given = reactions.find(({ senderKey, text }) => senderKey === ownKey && text === sign);
      return given && deleteKind.write({ replaces: fromHex(given.id) }, salt);
    });
  }

  /** @throws EngineError L011, L019, L032, L044 and as Messages.send */
  async edit(chatId: string, message: MessageRef, text: string): Promise<void> {
    requireText(text);
    await this.change(chatId, message, (replaces, salt, line) => {
      requireOwn(line);
      if (line.unsupported) throw notAllowed("this version can not show the message");
      return line.deleted || line.text === text ? undefined : editKind.write({ text, replaces }, salt);
    });
  }

  /** @throws EngineError L019, L044 and as Messages.send */
  async deleteForEveryone(chatId: string, message: MessageRef): Promise<void> {
    await this.change(chatId, message, (replaces, salt, line) => {
      requireOwn(line);
      return line.deleted ? undefined : deleteKind.write({ replaces }, salt);
    });
  }

  /** Deletes the line on this device. @throws EngineError L005 */
  async deleteForMe(chatId: string, message: MessageRef): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const line = conversation && await messageLine(this.#context, chatId, message);
      if (!line) return;
      await eraseLine(this.#context, unit, conversation, line);
    });
  }

  /**
   * Makes a change of one message, here and for all others.
   *
   * @param write nothing happens where it gives none
   * @throws EngineError L044 and as Messages.send
   */
  async change(chatId: string, message: MessageRef, write: Write, feature: Feature = "changes"): Promise<void> {
    await this.#messages.requireUnchanged(chatId);
    await this.#context.conversations.update(async (unit) => {
      const conversation = await this.#messages.conversationToSendIn(unit, chatId);
      const line = await messageLine(this.#context, chatId, message);
      const id = line && await mimiIdOf(this.#context, conversation, line);
      if (!line || id === undefined) return;
      const content = write(fromHex(id), crypto.getRandomValues(new Uint8Array(16)), line);
      if (!content) return;
      requireFeature(conversation, feature);
      await this.#put(unit, conversation, content);
    });
  }

  /** Does the change here, and puts it into the outbox. */
  async #put(unit: UnitOfWork, conversation: ConversationTransaction, written: MimiContent): Promise<void> {
    const { account, ownKey } = this.#context;
    const content = encodeMimiContent(written);
    const messageId = toHex(crypto.getRandomValues(new Uint8Array(16)));
    const atMs = account.clock.now();
    const effects = new ContentEffects(this.#context, unit, conversation, true);
    const ready = await effects.read({ messageId, sender: account, receivedMs: atMs, content });
    if (await effects.carryOut(ready) === "" || ready.kind !== "read") return;
    // It has a place of its own among what waits, and none in the conversation.
    const order = conversation.changes.reserveWaitingPlace();
    markOwn(unit, conversation.id, ownKey, messageId, { order: "", atMs });
    const { id: mimiId } = ready;
    const waiting = { messageId, mimiId, order, kind: "message" as const, isChange: true as const, content };
    await this.#outbox.enqueue(unit, conversation, waiting);
  }
}

/**
 * Requires that all devices of a conversation understand something (specification §1.8).
 *
 * @throws EngineError L044
 */
export function requireFeature({ record }: Pick<ConversationTransaction, "record">, feature: Feature): void {
  if (record.features?.includes(feature)) return;
  throw new EngineError({ code: LocalCode.notUnderstood, detail: `a device of the chat does not know "${feature}"` });
}

function requireOwn({ own }: MessageLine): void {
  if (!own) throw notAllowed("a message of somebody else");
}

function notAllowed(detail: string): EngineError {
  return new EngineError({ code: LocalCode.notAllowed, detail });
}
