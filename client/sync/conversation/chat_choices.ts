/** The user's decisions about chats in the list, carried out: pinned, archived, muted, unread, deleted here. */

import type { ChatChange } from "../../api/chat_list.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { eraseChat } from "./chat_erasure.ts";
import { changed, marksOf, ranksAfterMove } from "./preferences.ts";
import { isIn, isShown } from "./standing.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";

/** Keeps what the user decides about the list of chats. */
export class ChatChoices {
  readonly #context: SyncContext;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** @throws EngineError L010; StorageError */
  async change(chatId: string, change: ChatChange): Promise<void> {
    await this.#update(chatId, (conversation) => {
      const nextRank = Math.max(0, ...this.#pinned().map(({ rank }) => rank)) + 1;
      const before = conversation.record.preferences ?? {};
      const preferences = changed(before, change, this.#context.environment.now(), nextRank);
      conversation.set({ preferences });
    });
  }

  /**
   * Moves a pinned chat among the pinned ones.
   *
   * @param before the pinned chat that is to follow it; undefined: it becomes the last
   * @throws EngineError L010; StorageError
   */
  async movePinned(chatId: string, before: string | undefined): Promise<void> {
    const pinned = this.#pinned();
    const moved = pinned.find((one) => one.chatId === chatId);
    if (!moved || before === chatId) return;
    const others = pinned.filter((one) => one !== moved);
    const at = others.findIndex((one) => one.chatId === before);
    const index = at < 0 ? others.length : at;
    const wanted = others.toSpliced(index, 0, moved);
    // One after the other: a unit of work of its own holds one chat.
    for (const [place, rank] of ranksAfterMove(wanted.map(({ rank }) => rank), index)) {
      await this.#update(wanted[place].chatId, (conversation) => {
        const { preferences } = conversation.record;
        if (typeof preferences?.pinned?.value !== "number") return;
        const pinned = { value: rank, atMs: this.#context.environment.now() };
        conversation.set({ preferences: { ...preferences, pinned } });
      });
    }
  }

  /**
   * Deletes a chat's lines and draft here. It is not shown before something new happens in it.
   *
   * @throws EngineError L010, L043; StorageError
   */
  async delete(chatId: string): Promise<void> {
    await this.#update(chatId, async (conversation, unit) => {
      const { record } = conversation;
      if (record.invitation && isIn(record)) {
        throw new EngineError({ code: LocalCode.unanswered, detail: "an invitation is accepted or declined first" });
      }
      await eraseChat(this.#context, unit, conversation);
    });
    await this.#context.drafts.keep(chatId, "");
  }

  /** The user has asked for the chat by the person's name: it is shown again, though empty. @throws StorageError */
  async bringBack(chatId: string): Promise<void> {
    if (!this.#context.conversations.get(chatId)?.record.cleared) return;
    await this.#update(chatId, (conversation) => conversation.set({ cleared: undefined }));
  }

  /** In the list's order. */
  #pinned(): { chatId: string; rank: number }[] {
    return this.#context.conversations.all().flatMap(({ id, record }) => {
      const rank = marksOf(record.preferences).pinned;
      return rank === undefined ? [] : [{ chatId: id, rank }];
    }).sort((a, b) => a.rank - b.rank);
  }

  async #update(
    chatId: string,
    work: (conversation: ConversationTransaction, unit: UnitOfWork) => Promise<void> | void,
  ): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isShown(conversation.record)) {
        throw new EngineError({ code: LocalCode.notInChat, detail: "there is no such chat on this device" });
      }
      await work(conversation, unit);
    });
  }
}
