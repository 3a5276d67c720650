/**
 * What waits for the server's answer, in order per conversation. Sealing moves the ratchet, so the sealed
 * bytes, the ratchet and the line of the conversation go to disk in one write before any byte leaves
 * (specification §4.2); after that the same bytes go out until there is an answer, and are sealed again only
 * when the server has said that it does not have them, or when the conversation has moved to another channel:
 * those who moved before will not read what came in the old one.
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import { decodeMimiContent } from "../../content/mimi_content.ts";
import { codeName, ErrorCode, TransportError, WireError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { GroupUsageError, type Member } from "../../mls/group.ts";
import { backoffMs } from "../../runtime/backoff.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import {
  againForMs,
  type ChatRecord,
  type ItemRecord,
  keys,
  type OutboxRecord,
  type SeenRecord,
  type SentIn,
} from "../conversation/records.ts";
import { judgeAnswer } from "./publish_answer.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";

/** How long an epoch that the server has and this device has not may take to arrive, in ms. */
const epochPatienceMs = 10_000;

/** Whether a message may be sealed and sent now. */
export interface SendGate {
  /** Why nothing can be sealed now: a member's leave, or a revoked device, must be committed first. */
  blockedBy(chatId: string, members: Member[]): Promise<"commit" | undefined>;
  /**
   * @throws EngineError L007 while an account of the conversation has a changed key that the user has not
   *   decided on, L016 while an account is in it by a key that the user has replaced
   */
  requireUnchanged(chatId: string): Promise<void>;
}

/** What waits for the server's answer: the same bytes go out again until it comes; sealed anew only in a new epoch. */
export class Outbox {
  readonly #context: SyncContext;
  readonly #gate: SendGate;
  readonly #waiting = new Map<string, OutboxRecord[]>();
  /** Chats whose queue is being sent. */
  readonly #runs = new SingleFlight();
  /** Chats whose next try waits for a time or an epoch. */
  readonly #retries: Timers;
  /** Chats whose messages wait for the user's decision about a changed key, or for a replaced key to leave. */
  readonly #blockedOnTrust = new Set<string>();
  /** Orders whose bytes may have reached the server. Everything found at a start may have. */
  readonly #attempted = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** The lines of the conversation of what waits, by order's place: so that "sent" needs no reading. */
  readonly #items = new Map<string, ItemRecord>();
  #closed = false;

  constructor(context: SyncContext, gate: SendGate) {
    this.#context = context;
    this.#retries = new Timers(context.environment);
    this.#gate = gate;
  }

  /** @throws StorageError */
  async load(): Promise<void> {
    const { store, account } = this.#context;
    const deletes: { store: "outbox"; key: string }[] = [];
    for (const { key, value } of await store.range<OutboxRecord>("outbox", "")) {
      if (value.notFor && value.againMs! + againForMs < account.clock.now()) {
        deletes.push({ store: "outbox", key });
        continue;
      }
      this.#queue(value.chatId).push(value);
      this.#attempted.add(placeOf(value));
    }
    if (deletes.length > 0) await store.write({ deletes });
  }

  /**
   * What was sent already goes out once more, before what waits, which is sealed anew where the conversation
   * has moved. Who has read it skips it. @param said is on disk
   */
  resend(chatId: string, said: OutboxRecord[]): void {
    const queue = this.#queue(chatId);
    const isFresh = ({ order, notFor }: OutboxRecord): boolean => {
      const waiting = queue.find((record) => record.order === order);
      if (waiting && notFor) waiting.notFor = [...waiting.notFor ?? [], ...notFor];
      return waiting === undefined;
    };
    queue.unshift(...said.filter(isFresh));
    this.flush(chatId);
  }

  /** Whether somebody is in the group who could not read it when it was said. */
  #isNotForAll({ chatId, notFor }: OutboxRecord): boolean {
    const record = this.#context.conversations.get(chatId)?.record;
    return record !== undefined && isNotForAll(record, notFor);
  }

  /** Whether it was sealed for a channel that the conversation has left. */
  #hasMoved({ chatId, sealed }: OutboxRecord): boolean {
    const record = this.#context.conversations.get(chatId)?.record;
    return record !== undefined && sealed !== undefined && (sealed.channel ?? chatId) !== toHex(record.channelId);
  }

  /** The network is there: everything that waits for an answer goes out again. */
  connected(): void {
    for (const chatId of this.#waiting.keys()) this.flush(chatId);
  }

  close(): void {
    this.#closed = true;
    this.#retries.close();
  }

  /**
   * Seals if it can and puts the item into the unit. The caller has appended it to the conversation.
   *
   * @param item without `sealed`
   */
  async enqueue(
    unit: UnitOfWork,
    conversation: ConversationTransaction,
    item: Omit<OutboxRecord, "sealed" | "chatId">,
  ): Promise<void> {
    const sealed = await this.#seal(conversation, item);
    const record: OutboxRecord = { ...item, chatId: conversation.id, ...(sealed && { sealed }) };
    unit.put("outbox", keys.item(conversation.id, item.order), record, { channelId: conversation.channelId });
    const shown = conversation.items.findLast(({ order }) => order === item.order);
    unit.afterCommit(() => {
      if (shown) this.#items.set(placeOf(record), shown);
      this.#queue(conversation.id).push(record);
      this.flush(conversation.id);
    });
  }

  /** Sends what waits in a chat, now. */
  flush(chatId: string): void {
    void this.#runs.run(chatId, async () => {
      if (this.#closed) return;
      this.#retries.cancel(chatId);
      if (this.#queue(chatId).length > 0) await this.#drain(chatId);
    });
  }

  /**
   * How many messages and requests wait for the server's answer; without those that wait for the user's
   * decision about a key, or for somebody to be out of the group.
   */
  get waiting(): number {
    return [...this.#waiting].reduce(
      (sum, [chatId, queue]) =>
        sum +
        queue.filter((record) =>
          (!this.#blockedOnTrust.has(chatId) || record.kind === "leave") && !this.#isNotForAll(record)
        )
          .length,
      0,
    );
  }

  /** A later message changed an own line: what is held of it is old, and a deleted one goes out no more. */
  lineChanged(chatId: string, order: string, isDeleted: boolean): void {
    const place = keys.item(chatId, order);
    this.#items.delete(place);
    if (!isDeleted) return;
    const queue = this.#queue(chatId);
    const index = queue.findIndex((record) => record.order === order);
    if (index >= 0) queue.splice(index, 1);
    this.#attempted.delete(place);
  }

  /** Whether a request to leave waits here. */
  isLeaving(chatId: string): boolean {
    return this.#queue(chatId).some(({ kind }) => kind === "leave");
  }

  /** This device is out of the group: nothing that waits can be sent any more. */
  async abandon(chatId: string, code: string): Promise<void> {
    const queue = this.#queue(chatId);
    for (const record of [...queue]) await this.#settle(record, "failed", { errorCode: code });
  }

  #queue(chatId: string): OutboxRecord[] {
    let queue = this.#waiting.get(chatId);
    if (!queue) this.#waiting.set(chatId, queue = []);
    return queue;
  }

  async #seal(
    conversation: ConversationTransaction,
    { messageId, kind, content, notFor }: Pick<OutboxRecord, "messageId" | "kind" | "content" | "notFor">,
  ): Promise<OutboxRecord["sealed"]> {
    const { state, record } = conversation;
    if (isNotForAll(record, notFor)) return undefined;
    if (
      !state || state.epoch === 0n || desyncOf(record) || (kind === "message" && needsAcceptance(record)) ||
      (kind === "message" && await this.#gate.blockedBy(conversation.id, conversation.members()))
    ) return undefined;
    const { mls, rpc } = this.#context;
    rpc.prepare();
    try {
      const id = fromHex(messageId);
      const sealed = kind === "leave"
        ? await mls.sealLeave(state, { messageId: id })
        : await mls.sealMessage(state, { messageId: id, content });
      conversation.moveRatchet(sealed.newState, sealed.record, sealed.consumed);
      if (kind === "message") conversation.set({ ownSent: record.ownSent + 1 });
      const channel = toHex(record.channelId);
      return { epoch: Number(state.epoch), envelope: sealed.envelope, ...(channel !== conversation.id && { channel }) };
    } catch (error) {
      if (error instanceof GroupUsageError && error.code === "pending-leaves") return undefined;
      throw error;
    }
  }

  async #drain(chatId: string): Promise<void> {
    const queue = this.#queue(chatId);
    try {
      while (!this.#closed && queue.length > 0) {
        const held = await this.#isBlockedOnTrust(chatId);
        const record = queue.find((candidate) =>
          (!held || candidate.kind === "leave") && !this.#isNotForAll(candidate)
        );
        if (!record || !await this.#step(record)) return;
      }
    } catch (error) {
      // The storage failed. What was sealed and sent is on disk; another try comes with the next message or connection.
      if (!this.#closed) {
        this.#context.problem({ code: "L005", detail: `the outbox stopped: ${(error as Error).name}` });
      }
    }
  }

  /** @returns whether to go on with the queue */
  async #step(record: OutboxRecord): Promise<boolean> {
    const { chatId } = record;
    const chat = this.#context.conversations.get(chatId);
    if (!chat || !isIn(chat.record)) {
      return await this.#settle(record, "failed", { errorCode: codeName(ErrorCode.notAMember) });
    }
    // Help is on its way (specification §3.4, §3.5): then it is sealed anew.
    if (desyncOf(chat.record)) return this.#scheduleRetry(chatId, epochPatienceMs);
    if (
      !record.sealed || this.#hasMoved(record) ||
      (record.sealed.epoch < chat.record.epoch && !this.#attempted.has(placeOf(record)))
    ) return await this.#sealAgain(record);
    return await this.#publish(record, record.sealed);
  }

  /**
   * Whether somebody's key changed and the user has not decided yet, or is in the chat still after the user
   * took another one (specification §1.6, Pins), or a stranger to the chat has brought this device back into
   * it (GRP-7.5): no message leaves before, one that may have left already included. Each waits as it is, and
   * the queue is looked at again when a pin or the group changes or the invitation is accepted ({@link
   * kick}); only a wish to leave passes.
   */
  async #isBlockedOnTrust(chatId: string): Promise<boolean> {
    try {
      const record = this.#context.conversations.get(chatId)?.record;
      if (record && needsAcceptance(record)) {
        this.#blockedOnTrust.add(chatId);
        return true;
      }
      // In a chat that is over nothing can leave any more, and what waits there is settled.
      if (record && isIn(record)) await this.#gate.requireUnchanged(chatId);
      this.#blockedOnTrust.delete(chatId);
      return false;
    } catch (error) {
      if (
        !(error instanceof EngineError) ||
        (error.problem.code !== LocalCode.keyChanged && error.problem.code !== LocalCode.keyReplaced)
      ) throw error;
      this.#blockedOnTrust.add(chatId);
      return true;
    }
  }

  async #publish(record: OutboxRecord, sealed: NonNullable<OutboxRecord["sealed"]>): Promise<boolean> {
    const { chatId, messageId } = record;
    const again = this.#attempted.has(placeOf(record));
    this.#attempted.add(placeOf(record));
    try {
      const { receivedMs } = await this.#context.rpc.call(delivery.publish, {
        channelId: fromHex(sealed.channel ?? chatId),
        epoch: sealed.epoch,
        messageId: fromHex(messageId),
        envelope: sealed.envelope,
        ephemeral: false,
      });
      this.#failures.delete(chatId);
      // While the call ran: what the old channel has nobody may read any more.
      return this.#hasMoved(record) || await this.#settle(record, "sent", { receivedMs });
    } catch (error) {
      if (error instanceof TransportError && error.unsent && !again) this.#attempted.delete(placeOf(record));
      if (!(error instanceof WireError)) return this.#scheduleRetry(chatId, this.#nextDelay(chatId));
      // The answer is about a channel that no longer counts.
      if (this.#hasMoved(record)) return true;
      const ownEpoch = this.#context.conversations.get(chatId)?.record.epoch ?? 0;
      switch (judgeAnswer(error.code, sealed.epoch, ownEpoch)) {
        case "seal-again":
          return await this.#sealAgain(record);
        case "await-epoch":
          return this.#awaitEpoch(record, error);
        case "failed":
          // Out of the group by the server's word alone: if that is so its entry follows, and ends the chat;
          // else the server has forgotten the channel (specification §4.13).
          if (error.code === ErrorCode.notAMember && this.#isInChat(chatId)) {
            this.#context.events.emit("suspected", chatId, error.code);
            return this.#scheduleRetry(chatId, epochPatienceMs);
          }
          return await this.#settle(record, "failed", { errorCode: codeName(error.code) });
        default:
          return this.#scheduleRetry(chatId, Math.max(error.retryAfterMs, this.#nextDelay(chatId)));
      }
    }
  }

  /**
   * The entry of the new epoch is in the queue. If it never comes, this device's state went back in time
   * (E017), or the server's: that must not look like mere waiting.
   */
  #awaitEpoch({ chatId }: OutboxRecord, { code }: WireError): boolean {
    if (!this.#context.conversations.get(chatId)?.pending) this.#context.events.emit("suspected", chatId, code);
    return this.#scheduleRetry(chatId, epochPatienceMs);
  }

  async #sealAgain(record: OutboxRecord): Promise<boolean> {
    const { chatId } = record;
    const sealed = await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      // It was given up meanwhile, when this device fell out of the chat.
      if (!conversation || !this.#queue(chatId).includes(record)) return undefined;
      const again = await this.#seal(conversation, record);
      if (again) {
        unit.put("outbox", keys.item(chatId, record.order), { ...record, sealed: again }, {
          channelId: conversation.channelId,
        });
      }
      return again;
    });
    if (sealed) {
      record.sealed = sealed;
      this.#attempted.delete(placeOf(record));
      return true;
    }
    const chat = this.#context.conversations.get(chatId);
    if (
      !chat || !isIn(chat.record) || desyncOf(chat.record) || !this.#queue(chatId).includes(record) ||
      this.#isNotForAll(record)
    ) return true;
    this.#context.events.emit("blockedByCommit", chatId);
    return this.#scheduleRetry(chatId, epochPatienceMs);
  }

  /** @returns true: the queue goes on */
  async #settle(
    record: OutboxRecord,
    state: "sent" | "failed",
    { errorCode, receivedMs }: { errorCode?: string; receivedMs?: number },
  ): Promise<boolean> {
    const { chatId, order, kind } = record;
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      unit.delete("outbox", keys.item(chatId, order));
      if (!conversation) return;
      if (kind === "leave") {
        if (state === "failed") conversation.set({ leaving: false });
        return;
      }
      // It is shown as sent already, and was.
      if (record.againMs !== undefined && state === "failed") return;
      const item = this.#items.get(placeOf(record)) ??
        await this.#context.store.get<ItemRecord>("messages", keys.item(chatId, order));
      if (item?.kind === "message" && !item.deleted) {
        conversation.change({
          ...item,
          state,
          ...(errorCode !== undefined && { errorCode }),
          ...(receivedMs !== undefined && { sentIn: sentIn(record, receivedMs) }),
        });
      }
    });
    const queue = this.#queue(chatId);
    const index = queue.indexOf(record);
    if (index >= 0) queue.splice(index, 1);
    this.#attempted.delete(placeOf(record));
    this.#items.delete(placeOf(record));
    if (state === "sent" && kind === "message") this.#context.events.emit("sent", chatId);
    return true;
  }

  #isInChat(chatId: string): boolean {
    const record = this.#context.conversations.get(chatId)?.record;
    return record !== undefined && isIn(record);
  }

  #nextDelay(chatId: string): number {
    const failures = (this.#failures.get(chatId) ?? 0) + 1;
    this.#failures.set(chatId, failures);
    return backoffMs(failures, this.#context.environment.random());
  }

  /** @returns false: the queue waits, until a kick or the time */
  #scheduleRetry(chatId: string, delayMs: number): boolean {
    this.#retries.start(chatId, delayMs, () => this.flush(chatId));
    return false;
  }
}

function isNotForAll({ members }: Readonly<ChatRecord>, notFor: string[] | undefined): boolean {
  return notFor !== undefined && members.some(({ accountKey }) => notFor.includes(accountKey));
}

function sentIn({ sealed, content }: OutboxRecord, atMs: number): SentIn {
  const { epoch, channel } = sealed!;
  return { epoch, ...(channel !== undefined && { channel }), atMs, salt: decodeMimiContent(content).salt };
}

function placeOf({ chatId, order }: OutboxRecord): string {
  return `${chatId}/${order}`;
}

/** Records that an own message is being sent, so that asking twice sends once. */
export function markOwn(unit: UnitOfWork, chatId: string, ownKey: string, messageId: string, seen: SeenRecord): void {
  const key = keys.seen(chatId, ownKey, messageId);
  unit.requireAbsent("messageids", key);
  unit.put("messageids", key, seen);
}

/** Whether nothing may be said in this chat before the user has accepted to be back in it. */
function needsAcceptance(record: Readonly<ChatRecord>): boolean {
  return isIn(record) && record.invitation && record.needsAcceptance === true;
}
