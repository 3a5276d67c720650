/**
 * Seals one waiting message and publishes it, until the server gives a final answer.
 *
 * The same bytes are sent until there is an answer. A message is sealed again only when the server has said
 * that it lacks the message, or when the conversation has moved to another channel (specification §4.2).
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import { codeName, ErrorCode, TransportError, WireError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { LocalCode } from "../../api/errors.ts";
import { GroupUsageError } from "../../mls/group.ts";
import { backoffMs } from "../../runtime/backoff.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { keys, type OutboxRecord, outboxToStored } from "../conversation/records.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { judgeAnswer } from "./publish_answer.ts";
import type { SendHolds } from "./send_holds.ts";

/** How long the server's newer epoch may take to arrive on this device, in ms. */
const epochPatienceMs = 10_000;

/** The result of one attempt. */
export type Attempt =
  | { kind: "sent"; receivedMs: number }
  | { kind: "failed"; errorCode: string }
  /** The next attempt can follow at once. */
  | { kind: "again" }
  /** Nothing may be published now. The outbox tries again when it may. */
  | { kind: "hold" }
  | { kind: "retry"; afterMs: number };

/** Carries out attempts. The outbox decides which message comes next. */
export class Publisher {
  readonly #context: SyncContext;
  readonly #holds: SendHolds;
  /** Outbox keys of messages whose bytes may have reached the server: at the start, of all. */
  readonly #attempted = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #mayPublish: () => boolean;

  /** @param mayPublish is asked right before each call: sealing and settling need no server */
  constructor(context: SyncContext, holds: SendHolds, mayPublish: () => boolean) {
    this.#context = context;
    this.#holds = holds;
    this.#mayPublish = mayPublish;
  }

  /** The bytes of this message may have reached the server in an earlier run. */
  noteAttempted(key: string): void {
    this.#attempted.add(key);
  }

  /** The message no longer waits. */
  forget(key: string): void {
    this.#attempted.delete(key);
  }

  /**
   * Seals a message in the unit that `conversation` belongs to.
   *
   * @returns undefined where it can not be sealed now
   */
  async seal(
    conversation: ConversationTransaction,
    message: Pick<OutboxRecord, "messageId" | "kind" | "content" | "excludedAccounts" | "firstSent">,
  ): Promise<OutboxRecord["sealed"]> {
    const { state, record } = conversation;
    if (!state || !await this.#holds.canSeal(conversation, message)) return undefined;
    const { mls, rpc } = this.#context;
    rpc.openAhead();
    try {
      const id = { messageId: fromHex(message.messageId) };
      const sealed = message.kind === "leave"
        ? await mls.sealLeave(state, id)
        : await mls.sealMessage(state, { ...id, content: message.content });
      conversation.moveRatchet(sealed.newState, sealed.record, sealed.consumed);
      if (message.kind === "message") conversation.set({ ownSent: record.ownSent + 1 });
      const channel = toHex(record.channelId);
      return { epoch: Number(state.epoch), envelope: sealed.envelope, ...(channel !== conversation.id && { channel }) };
    } catch (error) {
      if (error instanceof GroupUsageError && error.code === "pending-leaves") return undefined;
      throw error;
    }
  }

  /**
   * One attempt with a waiting message.
   *
   * @param waits whether the message still waits: it may have been given up meanwhile
   * @throws StorageError
   */
  async attempt(record: OutboxRecord, waits: () => boolean): Promise<Attempt> {
    const conversation = this.#context.conversations.get(record.chatId);
    if (!conversation || !isIn(conversation.record)) return { kind: "failed", errorCode: LocalCode.notInChat };
    // Recovery is in progress (specification §3.4, §3.5). Afterwards the message is sealed anew.
    if (desyncOf(conversation.record)) return { kind: "retry", afterMs: epochPatienceMs };
    const { sealed } = record;
    const outdated = sealed && sealed.epoch < conversation.record.epoch && !this.#attempted.has(outboxKey(record));
    if (!sealed || outdated || this.hasMoved(record)) return await this.#sealAgain(record, waits);
    return this.#mayPublish() ? await this.#publish(record, sealed, waits) : { kind: "hold" };
  }

  /** The outcome of an attempt could not be stored: the same bytes go out again, and the server knows them. */
  retry(chatId: string): Attempt {
    return { kind: "retry", afterMs: this.#nextDelay(chatId) };
  }

  async #publish(
    record: OutboxRecord,
    sealed: NonNullable<OutboxRecord["sealed"]>,
    waits: () => boolean,
  ): Promise<Attempt> {
    const { chatId, messageId } = record;
    const again = this.#attempted.has(outboxKey(record));
    this.#attempted.add(outboxKey(record));
    try {
      const { receivedMs } = await this.#context.rpc.call(delivery.publish, {
        channelId: fromHex(sealed.channel ?? chatId),
        epoch: sealed.epoch,
        messageId: fromHex(messageId),
        envelope: sealed.envelope,
        ephemeral: false,
      });
      this.#failures.delete(chatId);
      // The conversation moved during the call. Members may not read the old channel any more.
      return this.hasMoved(record) ? { kind: "again" } : { kind: "sent", receivedMs };
    } catch (error) {
      if (error instanceof TransportError && error.unsent && !again) this.#attempted.delete(outboxKey(record));
      if (!(error instanceof WireError)) return { kind: "retry", afterMs: this.#nextDelay(chatId) };
      return await this.#judge(record, sealed.epoch, error, waits);
    }
  }

  async #judge(record: OutboxRecord, sealedEpoch: number, error: WireError, waits: () => boolean): Promise<Attempt> {
    const { chatId } = record;
    const { conversations, events } = this.#context;
    // The answer is about a channel that no longer counts.
    if (this.hasMoved(record)) return { kind: "again" };
    const conversation = conversations.get(chatId);
    switch (judgeAnswer(error.code, sealedEpoch, conversation?.record.epoch ?? 0)) {
      case "seal-again":
        return await this.#sealAgain(record, waits);
      case "await-epoch":
        // The entry of the new epoch is in the queue. If it never comes, this device's state or the server's
        // went back in time (E017). The user must not see that as mere waiting.
        if (!conversation?.pending) events.emit("suspected", chatId, error.code);
        return { kind: "retry", afterMs: epochPatienceMs };
      case "failed":
        // Only the server says that this device is out. If it is true, the entry of the removal follows and
        // ends the chat. Else the server has forgotten the channel (specification §3.5).
        if (error.code === ErrorCode.notAMember && conversation && isIn(conversation.record)) {
          events.emit("suspected", chatId, error.code);
          return { kind: "retry", afterMs: epochPatienceMs };
        }
        return { kind: "failed", errorCode: codeName(error.code) };
      default:
        return { kind: "retry", afterMs: Math.max(error.retryAfterMs, this.#nextDelay(chatId)) };
    }
  }

  async #sealAgain(record: OutboxRecord, waits: () => boolean): Promise<Attempt> {
    const { chatId } = record;
    const { conversations, events } = this.#context;
    const sealed = await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      // The message was given up meanwhile, because this device left the group.
      if (!conversation || !waits()) return undefined;
      const again = await this.seal(conversation, record);
      if (again) {
        const stored = outboxToStored({ ...record, sealed: again });
        unit.put("outbox", outboxKey(record), stored, { channelId: conversation.storageId });
      }
      return again;
    });
    if (sealed) {
      record.sealed = sealed;
      this.#attempted.delete(outboxKey(record));
      return { kind: "again" };
    }
    const present = conversations.get(chatId)?.record;
    if (
      !present || !isIn(present) || desyncOf(present) || !waits() || this.#holds.isExcluded(record)
    ) return { kind: "again" };
    events.emit("blockedByCommit", chatId);
    return { kind: "retry", afterMs: epochPatienceMs };
  }

  /** Whether the message is sealed for the conversation's present epoch. */
  isSealedNow(record: OutboxRecord): boolean {
    const epoch = this.#context.conversations.get(record.chatId)?.record.epoch;
    return epoch !== undefined && record.sealed?.epoch === epoch && !this.hasMoved(record);
  }

  /** Whether the message was sealed for a channel that the conversation has left. */
  hasMoved({ chatId, sealed }: OutboxRecord): boolean {
    const record = this.#context.conversations.get(chatId)?.record;
    return record !== undefined && sealed !== undefined && (sealed.channel ?? chatId) !== toHex(record.channelId);
  }

  #nextDelay(chatId: string): number {
    const failures = (this.#failures.get(chatId) ?? 0) + 1;
    this.#failures.set(chatId, failures);
    return backoffMs(failures, this.#context.environment.random());
  }
}

/** @returns the key of a waiting message: its chat and place */
export function outboxKey({ chatId, order }: Pick<OutboxRecord, "chatId" | "order">): string {
  return keys.line(chatId, order);
}
