/**
 * Leaving a conversation. A member can not remove its own leaf, so it asks, and another member commits the
 * removal (specification §3.2).
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { markOwn, type Outbox } from "../send/outbox.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn, isMember } from "../conversation/standing.ts";
import { activeRecord } from "./active_record.ts";
import { removalOf } from "./removal_plan.ts";

/** Removes this device, and the account's other devices, from conversations at the user's request. */
export class Leaving {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #outbox: Outbox;

  constructor(context: SyncContext, committer: Committer, outbox: Outbox) {
    this.#context = context;
    this.#committer = committer;
    this.#outbox = outbox;
  }

  /**
   * Asks the others to take this device out: only another member's commit can (specification §3.2). The account's
   * other devices go first, by an own commit. A device that can not follow the group asks once it was helped
   * ({@link leaveAgain}). If the user asks again before that, this device leaves on its own.
   *
   * @throws EngineError
   */
  async leave(chatId: string): Promise<void> {
    const record = activeRecord(this.#context, chatId);
    if (record.leaving && !desyncOf(record)) return;
    if (!desyncOf(record)) await this.#prepareToLeave(chatId);
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isIn(conversation.record)) return;
      if (!desyncOf(conversation.record)) await this.#askToLeave(unit, conversation);
      else if (record.leaving) this.#leaveAlone(unit, conversation);
      else conversation.set({ leaving: true });
    });
  }

  /**
   * Sends the request of a device that wants to leave, unless one is waiting already. A commit that went past the
   * request has made it void, and a device that could not follow the group has not asked yet.
   *
   * @throws EngineError
   */
  async leaveAgain(chatId: string): Promise<void> {
    const { conversations } = this.#context;
    const isDue = (record: Readonly<ConversationRecord> | undefined) =>
      record !== undefined && isMember(record) && record.leaving;
    if (!isDue(conversations.get(chatId)?.record)) return;
    await this.#prepareToLeave(chatId);
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (conversation && isDue(conversation.record)) await this.#askToLeave(unit, conversation);
    });
  }

  async #prepareToLeave(chatId: string): Promise<void> {
    const { account, conversations, ownKey } = this.#context;
    if (conversations.get(chatId)?.record.members.every(({ accountKey }) => accountKey === ownKey)) return;
    await this.#promoteHeir(chatId);
    await this.#committer.commit(
      chatId,
      (conversation) =>
        removalOf(
          conversation,
          ({ credential, recipientKey }) =>
            toHex(credential.accountKey) === ownKey && !equalBytes(recipientKey, account.recipientKey),
        ),
    );
  }

  #leaveAlone(unit: UnitOfWork, conversation: ConversationTransaction): void {
    const { account } = this.#context;
    conversation.notice("left", { who: account.username, self: "1" }, account.clock.now());
    conversation.end();
    conversation.set({ leftMs: account.clock.now() });
    conversation.setPending(undefined);
    unit.onceStored(() => {
      this.#context.events.emit("ended", conversation.id);
      this.#context.events.emit("leftUnseen", conversation.id);
    });
  }

  async #askToLeave(unit: UnitOfWork, conversation: ConversationTransaction): Promise<void> {
    // There is no other member to commit it.
    if (conversation.members().length <= 1 || conversation.record.gone) return this.#leaveAlone(unit, conversation);
    const { state } = conversation;
    const hasAsked = this.#outbox.isLeaving(conversation.id) ||
      (state && this.#context.mls.pendingLeaves(state).some(({ leafIndex }) => leafIndex === state.ownLeafIndex));
    conversation.set({ leaving: true });
    if (hasAsked) return;
    const messageId = toHex(crypto.getRandomValues(new Uint8Array(16)));
    const order = conversation.reservePlace();
    markOwn(unit, conversation.id, this.#context.ownKey, messageId, {
      order: "",
      atMs: this.#context.account.clock.now(),
    });
    await this.#outbox.enqueue(unit, conversation, {
      messageId,
      order,
      kind: "leave",
      content: new Uint8Array(),
    });
  }

  /**
   * Before the last admin leaves, it makes the longest-standing other account admin. Leaves fill the tree
   * from the left, so that account has the lowest leaf.
   */
  async #promoteHeir(chatId: string): Promise<void> {
    const { ownKey } = this.#context;
    await this.#committer.commit(chatId, (conversation) => {
      const others = conversation.members().filter(({ credential }) => toHex(credential.accountKey) !== ownKey);
      const own = conversation.members().find(({ credential }) => toHex(credential.accountKey) === ownKey);
      if (own?.role !== "admin" || others.length === 0 || others.some(({ role }) => role === "admin")) return undefined;
      return { purpose: "info", add: [], remove: [], roles: { [toHex(others[0].credential.accountKey)]: "admin" } };
    });
  }
}
