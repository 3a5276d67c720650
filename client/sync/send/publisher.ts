/**
 * Seals waiting messages and publishes them, until the server gives a final answer.
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
import { keys } from "../conversation/records.ts";
import { isTold, type OutboxRecord, outboxToStored } from "../conversation/outbox_record.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { judgeAnswer } from "./publish_answer.ts";
import type { SendHolds } from "./send_holds.ts";
import { isOfChannel, nextTurn } from "./send_order.ts";

/** How long the server's newer epoch may take to arrive on this device, in ms. */
const epochPatienceMs = 10_000;

/** What the server's final answer makes of a waiting message. */
export type Outcome =
  & { record: OutboxRecord }
  & (
    | { state: "sent"; receivedMs: number; place: number }
    | { state: "failed"; errorCode: string }
  );

/** The result of one attempt. */
export interface Attempt {
  /** The messages that wait no more, in their order. */
  outcomes: Outcome[];
  /**
   * When the next attempt may follow: at once, after some ms, or when the outbox is asked to (nothing may be published
   * now).
   */
  next: "again" | "hold" | { afterMs: number };
}

/** The server has the message. `place`: in the channel's order; 0 from a server of an earlier version. */
interface Taken {
  receivedMs: number;
  place: number;
}

/** The server's answer to one message. */
type Answer = { record: OutboxRecord } & (Taken | { error: WireError });

/** Carries out attempts. The outbox decides which message comes next. */
export class Publisher {
  readonly #context: SyncContext;
  readonly #holds: SendHolds;
  /** Outbox keys of messages whose bytes may have reached the server: at the start, of all. */
  readonly #attempted = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #mayPublish: () => boolean;
  /** The server of this connection takes single messages only. */
  #oneByOne = false;

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
    message: Pick<
      OutboxRecord,
      "messageId" | "kind" | "content" | "excludedAccounts" | "firstSent" | "receipt" | "profile"
    >,
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
      if (message.kind === "message" && !isTold(message)) conversation.set({ ownSent: record.ownSent + 1 });
      const channel = toHex(record.channelId);
      return {
        epoch: Number(state.epoch),
        envelope: sealed.envelope,
        ...(channel !== conversation.id && { channel }),
        ...(message.kind === "message" && { generation: sealed.generation }),
      };
    } catch (error) {
      if (error instanceof GroupUsageError && error.code === "pending-leaves") return undefined;
      throw error;
    }
  }

  /**
   * One attempt with the first of the waiting messages.
   *
   * @param records that may go now, in the order of the queue
   * @param waits whether a message still waits: it may have been given up meanwhile
   * @throws StorageError
   */
  async attempt(chatId: string, records: OutboxRecord[], waits: (record: OutboxRecord) => boolean): Promise<Attempt> {
    const conversation = this.#context.conversations.get(chatId);
    if (!conversation || !isIn(conversation.record)) {
      const errorCode = LocalCode.notInChat;
      return { outcomes: records.map((record) => ({ record, state: "failed", errorCode })), next: "again" };
    }
    // Recovery is in progress (specification §3.4, §3.5). Afterwards the messages are sealed anew.
    if (desyncOf(conversation.record)) return nothing({ afterMs: epochPatienceMs });
    const place = { id: chatId, record: conversation.record };
    const turn = nextTurn(records, place, (record) => this.#attempted.has(outboxKey(record)));
    if (!turn) return nothing("hold");
    const told = turn.kind === "seal" ? turn.records.filter(isTold) : [];
    if (told.length > 0) {
      const errorCode = LocalCode.notInChat;
      return { outcomes: told.map((record) => ({ record, state: "failed", errorCode })), next: "again" };
    }
    if (turn.kind === "seal") return await this.#sealAgain(chatId, turn.records, waits);
    if (!this.#mayPublish()) return nothing("hold");
    return this.#judge(chatId, await this.#publish(chatId, this.#oneByOne ? turn.records.slice(0, 1) : turn.records));
  }

  /** The connection is new: the server may be another version than before. */
  connected(): void {
    this.#oneByOne = false;
  }

  /** The outcome of an attempt could not be stored: the same bytes go out again, and the server knows them. */
  retry(chatId: string): Attempt["next"] {
    return { afterMs: this.#nextDelay(chatId) };
  }

  /**
   * All in one call on one stream, because the server takes calls of several streams in any order.
   *
   * @returns the answers, or when to try again
   */
  async #publish(chatId: string, records: OutboxRecord[]): Promise<Answer[] | Attempt["next"]> {
    const isNew = records.filter((record) => !this.#attempted.has(outboxKey(record)));
    for (const record of isNew) this.#attempted.add(outboxKey(record));
    try {
      return await this.#call(chatId, records);
    } catch (error) {
      if (error instanceof TransportError && error.unsent) {
        for (const record of isNew) this.#attempted.delete(outboxKey(record));
      }
      if (!(error instanceof WireError)) return this.retry(chatId);
      if (records.length > 1 && judgeAnswer(error.code, 0, 0) === "failed" && error.code !== ErrorCode.notAMember) {
        // A server that does not know the call.
        this.#oneByOne = true;
        return "again";
      }
      return [{ record: records[0], error }];
    }
  }

  async #call(chatId: string, records: OutboxRecord[]): Promise<Answer[]> {
    const { rpc } = this.#context;
    const channelId = fromHex(records[0].sealed!.channel ?? chatId);
    const messages = records.map(({ messageId, sealed }) => ({
      epoch: sealed!.epoch,
      messageId: fromHex(messageId),
      envelope: sealed!.envelope,
    }));
    if (messages.length === 1) {
      const [message] = messages;
      const { receivedMs, place } = await rpc.call(delivery.publish, { channelId, ...message, ephemeral: false });
      return [{ record: records[0], receivedMs, place }];
    }
    const { answers } = await rpc.call(delivery.publishInOrder, { channelId, messages });
    // A server answers the first message at least. One that does not would else be asked without a pause.
    if (answers.length === 0) throw new TransportError("publishInOrder: an answer for no message");
    // The server ends its answers where it stored nothing more: those messages go out again.
    return answers.slice(0, records.length).map(({ code, ...taken }, index) => {
      const record = records[index];
      return code === 0 ? { record, ...taken } : { record, error: new WireError(code, "one of several messages") };
    });
  }

  #judge(chatId: string, answers: Answer[] | Attempt["next"]): Attempt {
    if (!Array.isArray(answers)) return nothing(answers);
    const { conversations, events } = this.#context;
    const outcomes: Outcome[] = [];
    let [waitMs, suspected]: [number, number?] = [0];
    for (const { record, ...answer } of answers) {
      // The conversation moved during the call. Members may not read the old channel any more.
      if (this.hasMoved(record)) continue;
      if ("receivedMs" in answer) {
        this.#failures.delete(chatId);
        outcomes.push({ record, state: "sent", ...answer });
        continue;
      }
      const { code, retryAfterMs } = answer.error;
      const conversation = conversations.get(chatId);
      switch (judgeAnswer(code, record.sealed!.epoch, conversation?.record.epoch ?? 0)) {
        case "seal-again":
          this.#attempted.delete(outboxKey(record));
          break;
        case "await-epoch":
          // The entry of the new epoch is in the queue. If it never comes, this device's state or the server's
          // went back in time (E017). The user must not see that as mere waiting.
          if (!conversation?.pending) suspected ??= code;
          waitMs ||= epochPatienceMs;
          break;
        case "failed":
          // Only the server says that this device is out. If it is true, the entry of the removal follows and
          // ends the chat. Else the server has forgotten the channel (specification §3.5).
          if (code === ErrorCode.notAMember && conversation && isIn(conversation.record)) {
            suspected ??= code;
            waitMs ||= epochPatienceMs;
          } else outcomes.push({ record, state: "failed", errorCode: codeName(code) });
          break;
        default:
          waitMs ||= Math.max(retryAfterMs, this.#nextDelay(chatId));
      }
    }
    if (suspected !== undefined) events.emit("suspected", chatId, suspected);
    return { outcomes, next: waitMs > 0 ? { afterMs: waitMs } : "again" };
  }

  async #sealAgain(
    chatId: string,
    records: OutboxRecord[],
    waits: (record: OutboxRecord) => boolean,
  ): Promise<Attempt> {
    const { conversations, events } = this.#context;
    const sealed = await conversations.update(async (unit) => {
      const done: { record: OutboxRecord; sealed: NonNullable<OutboxRecord["sealed"]> }[] = [];
      const conversation = await unit.conversation(chatId);
      for (const record of conversation ? records : []) {
        // It was given up meanwhile, because this device left the group.
        if (!waits(record)) continue;
        const again = await this.seal(conversation!, record);
        if (!again) break;
        const stored = outboxToStored({ ...record, sealed: again });
        unit.put("outbox", outboxKey(record), stored, { channelId: conversation!.storageId });
        done.push({ record, sealed: again });
      }
      return done;
    });
    for (const { record, sealed: again } of sealed) {
      record.sealed = again;
      this.#attempted.delete(outboxKey(record));
    }
    const present = conversations.get(chatId)?.record;
    const [first] = records;
    if (
      sealed.length > 0 || !present || !isIn(present) || desyncOf(present) || !waits(first) ||
      this.#holds.isExcluded(first)
    ) return nothing("again");
    events.emit("blockedByCommit", chatId);
    return nothing({ afterMs: epochPatienceMs });
  }

  /** Whether the message was sealed for a channel that the conversation has left. */
  hasMoved(record: OutboxRecord): boolean {
    const conversation = this.#context.conversations.get(record.chatId);
    return conversation !== undefined && record.sealed !== undefined &&
      !isOfChannel(record, { id: record.chatId, record: conversation.record });
  }

  #nextDelay(chatId: string): number {
    const failures = (this.#failures.get(chatId) ?? 0) + 1;
    this.#failures.set(chatId, failures);
    return backoffMs(failures, this.#context.environment.random());
  }
}

function nothing(next: Attempt["next"]): Attempt {
  return { outcomes: [], next };
}

/** @returns the key of a waiting message: its chat and place */
export function outboxKey({ chatId, order }: Pick<OutboxRecord, "chatId" | "order">): string {
  return keys.line(chatId, order);
}
