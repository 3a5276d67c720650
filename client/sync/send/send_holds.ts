/** The reasons why a waiting message may not be sealed or sent yet. */

import { EngineError, LocalCode } from "../../api/errors.ts";
import type { Member } from "../../mls/group.ts";
import { hasLaterDevice } from "../conversation/device_history.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { OutboxRecord } from "../conversation/outbox_record.ts";
import { desyncOf, goneHoldLeftMs, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Questions of the outbox to other parts before it seals and sends. */
export interface SendGate {
  /** Why nothing can be sealed now: a leave, or the removal of a revoked device, must be committed first. */
  blockedBy(chatId: string, members: Member[]): Promise<"commit" | undefined>;
  /**
   * @throws EngineError L007 while an account of the conversation has a changed key that the user has not
   *   decided on; L016 while an account is in it by a key that the user has replaced
   */
  requireUnchanged(chatId: string): Promise<void>;
}

/**
 * Knows which conversations wait for a decision of the user, and which messages wait until an account or a
 * device has left.
 */
export class SendHolds {
  readonly #context: SyncContext;
  readonly #gate: SendGate;
  readonly #blockedOnTrust = new Set<string>();

  constructor(context: SyncContext, gate: SendGate) {
    this.#context = context;
    this.#gate = gate;
  }

  /** Whether the conversation's messages waited for a decision of the user at the last check. */
  isBlockedOnTrust(chatId: string): boolean {
    return this.#blockedOnTrust.has(chatId);
  }

  /**
   * Checks whether the conversation's messages wait for a decision of the user (specification §1.6, Pins).
   * That is so when an account's key has changed, when an account is still in by a replaced key, or when an
   * account from outside has brought this device back (GRP-7.5). Until then only a leave request is sent. The
   * outbox checks again when a pin or the group changes, or when the invitation is accepted.
   */
  async lookAtTrust(chatId: string): Promise<boolean> {
    const blocked = await this.#isBlocked(chatId);
    if (blocked) this.#blockedOnTrust.add(chatId);
    else this.#blockedOnTrust.delete(chatId);
    return blocked;
  }

  async #isBlocked(chatId: string): Promise<boolean> {
    const record = this.#context.conversations.get(chatId)?.record;
    // After `gone` nobody would read it. It waits until somebody is heard, or until this device is where the group is.
    if (record && (needsAcceptance(record) || this.goneHoldMs(chatId) > 0)) return true;
    // In a conversation that has ended, nothing can be sent, and the waiting messages are settled.
    if (!record || !isIn(record)) return false;
    try {
      await this.#gate.requireUnchanged(chatId);
      return false;
    } catch (error) {
      const code = error instanceof EngineError ? error.problem.code : undefined;
      if (code !== LocalCode.keyChanged && code !== LocalCode.keyReplaced) throw error;
      return true;
    }
  }

  /** @returns for how long, in ms, an admin's word that the group has gone still holds the conversation's messages */
  goneHoldMs(chatId: string): number {
    const record = this.#context.conversations.get(chatId)?.record;
    return record && isIn(record) ? goneHoldLeftMs(record, this.#context.account.clock.now()) : 0;
  }

  /** Whether the group has a device or an account that could not read the message at its first sending. */
  isExcluded(message: OutboxRecord): boolean {
    const record = this.#context.conversations.get(message.chatId)?.record;
    return record !== undefined && excludes(record, message);
  }

  /** Whether a message or a leave request can be sealed in the conversation's present epoch. */
  async canSeal(
    conversation: ConversationTransaction,
    message: Pick<OutboxRecord, "kind" | "excludedAccounts" | "firstSent">,
  ): Promise<boolean> {
    const { state, record } = conversation;
    if (excludes(record, message)) return false;
    // Epoch 0 has one member, so no other device could read the message (specification §2).
    if (!state || state.epoch === 0n || desyncOf(record)) return false;
    if (message.kind === "leave") return true;
    return !needsAcceptance(record) && !await this.#gate.blockedBy(conversation.id, conversation.members());
  }
}

function excludes(
  record: Readonly<ConversationRecord>,
  { excludedAccounts, firstSent }: Pick<OutboxRecord, "excludedAccounts" | "firstSent">,
): boolean {
  return (excludedAccounts?.some((account) => record.members.some(({ accountKey }) => accountKey === account)) ??
    false) ||
    (firstSent !== undefined && hasLaterDevice(record, firstSent));
}

function needsAcceptance(record: Readonly<ConversationRecord>): boolean {
  return isIn(record) && record.invitation && record.needsAcceptance === true;
}
