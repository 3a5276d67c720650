/**
 * Asks for help in rounds, with growing pauses, for each conversation that this device can not follow.
 *
 * The reason of the desync is on disk, so the rounds start again with every connection. policy.ts decides
 * what a round does.
 */

import { equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { GroupState } from "../../mls/group.ts";
import { Timers } from "../../runtime/timers.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { type Desync, desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import {
  type DeviceMessage,
  type DeviceMessageContent,
  sendDeviceMessage,
} from "../device_messages/device_messages.ts";
import { whomToAsk } from "../device_messages/peers.ts";
import { type Admins, isAdmin } from "../membership/admins.ts";
import type { CreateReplacement } from "../reinit/create_replacement.ts";
import { accountOf } from "../reinit/replacement_maker.ts";
import { decideRecovery } from "./policy.ts";
import type { ReaddRequests } from "./readd_requests.ts";
import { actAhead } from "./server_behind.ts";
import { entriesWait } from "./waiting_entries.ts";

/** Pause between rounds, in ms. It doubles up to the longest. */
export const firstRoundMs = 5_000;
export const longestRoundMs = 600_000;
/**
 * Pause before a round that found entries of the channel waiting, in ms. It is not put off again: somebody may write
 * there all the time.
 */
export const putOffMs = 1_000;

/** What the rounds for one conversation have learned. In memory only. */
interface Asking {
  rounds: number;
  /** The server's epoch at the last round, and the number of rounds with that epoch. */
  serverEpoch: number;
  quietRounds: number;
  /** Whether the last round was put off, because entries of the channel waited. */
  isPutOff: boolean;
  /** Accounts as hex that could not follow the commit either. */
  stuck: Set<string>;
  /** Accounts as hex that asked for help themselves in the server's present epoch, for any reason. */
  inNeed: Set<string>;
}

interface OutOfStep {
  record: Readonly<ConversationRecord>;
  desync: Desync;
}

interface Parts {
  context: SyncContext;
  requests: ReaddRequests;
  admins: Admins;
  createReplacement: CreateReplacement;
  /** the highest seq of the queue whose effects are on disk */
  cursor: () => number;
}

/** Asks members for help, round after round, while a conversation is out of step. */
export class RecoveryRounds {
  readonly #context: SyncContext;
  readonly #parts: Parts;
  readonly #asking = new Map<string, Asking>();
  readonly #timers: Timers;
  readonly #running = new Set<string>();
  /** Conversations whose first round is due. */
  readonly #due = new Set<string>();
  /** The queue of this connection is being read. */
  #held = true;
  #closed = false;

  constructor(parts: Parts) {
    this.#context = parts.context;
    this.#timers = new Timers(parts.context.environment);
    this.#parts = parts;
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
  }

  /** Whether a round runs, or begins now. */
  get busy(): boolean {
    return this.#running.size > 0 || this.#due.size > 0;
  }

  /**
   * A connection begins: nothing is asked before its queue is read to the end. The help that this device asked for
   * before may be there, and a device that asks again is put back twice.
   */
  hold(): void {
    this.#held = true;
  }

  /** The queue is read: rounds start for every conversation that is still out of step. */
  release(): void {
    this.#held = false;
    for (const { id, record } of this.#context.conversations.all()) {
      if (isIn(record) && desyncOf(record)) this.start(id);
    }
  }

  /** Starts a round for a conversation that is out of step: now, or when the queue is read. */
  start(chatId: string): void {
    if (this.#held || this.#closed) return;
    this.#due.add(chatId);
    this.#schedule(chatId, 0);
  }

  /** The device can follow the group again: no more rounds. */
  stop(chatId: string): void {
    this.#asking.delete(chatId);
    this.#due.delete(chatId);
    this.#timers.cancel(chatId);
  }

  /** The sender of this message asks for help, so its account can not help this device. */
  async noteNeed(chatId: string, { from }: DeviceMessage): Promise<void> {
    const record = this.#context.conversations.get(chatId)?.record;
    const asking = record && desyncOf(record) ? this.#asking.get(chatId) : undefined;
    const account = asking ? await accountOf(this.#context, chatId, from) : undefined;
    if (asking && account !== undefined && account !== this.#context.ownKey) asking.inNeed.add(account);
  }

  /** The sender of this message can not follow the same commit. */
  async noteStuck(chatId: string, { from, content }: DeviceMessage): Promise<void> {
    const record = this.#context.conversations.get(chatId)?.record;
    const desync = record && isIn(record) ? desyncOf(record) : undefined;
    const asking = this.#asking.get(chatId);
    if (!desync || !asking || (desync.commitId ?? "") !== toHex(content.commitId)) return;
    const account = await accountOf(this.#context, chatId, from);
    if (account !== undefined && account !== this.#context.ownKey) asking.stuck.add(account);
  }

  #schedule(chatId: string, delayMs: number): void {
    this.#timers.start(chatId, delayMs, () => void this.#step(chatId));
  }

  /** Runs one round. Never rejects. */
  async #step(chatId: string): Promise<void> {
    this.#due.delete(chatId);
    if (this.#closed || this.#held || this.#running.has(chatId)) return;
    this.#running.add(chatId);
    const asking = this.#asking.get(chatId) ??
      {
        rounds: 0,
        serverEpoch: -1,
        quietRounds: 0,
        isPutOff: false,
        stuck: new Set<string>(),
        inNeed: new Set<string>(),
      };
    this.#asking.set(chatId, asking);
    try {
      await this.#round(chatId, asking);
    } catch {
      // No network, or the storage failed: the next round or connection tries again.
    } finally {
      this.#running.delete(chatId);
    }
    const conversation = this.#context.conversations.get(chatId);
    if (conversation && isIn(conversation.record) && desyncOf(conversation.record)) {
      const pauseMs = Math.min(longestRoundMs, firstRoundMs * 2 ** Math.max(0, asking.rounds - 2));
      this.#schedule(chatId, asking.isPutOff ? putOffMs : pauseMs);
    }
  }

  async #round(chatId: string, asking: Asking): Promise<void> {
    const { conversations, account, ownKey } = this.#context;
    const asked = this.#outOfStep(chatId);
    if (!asked) return;
    const server = await serverState(this.#context.rpc, asked.record.channelId);
    // The help may have come meanwhile, or be on its way. Whoever asks for more is put back twice.
    asking.isPutOff = !asking.isPutOff &&
      await entriesWait(this.#context, asked.record.channelId, this.#parts.cursor());
    if (asking.isPutOff) return;
    const state = await conversations.withState(chatId);
    const present = this.#outOfStep(chatId);
    if (!present || !equalBytes(present.record.channelId, asked.record.channelId)) return;
    const { record, desync } = present;
    const serverBehind = !server || server.epoch < record.epoch;
    asking.rounds++;
    if (!serverBehind) noteServerEpoch(asking, server.epoch);
    const action = decideRecovery({
      admin: isAdmin(record, ownKey),
      hasState: state !== undefined,
      desync,
      serverBehind,
      alone: server?.members.every((key) => equalBytes(key, account.recipientKey)) ?? false,
      rounds: asking.rounds,
      quietRounds: asking.quietRounds,
      stuck: asking.stuck.size,
      inNeed: asking.inNeed.size,
    });
    if (action === "act-ahead") {
      await actAhead(this.#context, this.#parts.admins, chatId, record, state, server?.members, asking.rounds);
    } else if (action === "replace") {
      await this.#parts.createReplacement(chatId, state ? "rejected-commit" : "state-lost");
    } else if (server) {
      await this.#ask(chatId, present, state, server, action, asking.rounds);
    }
  }

  /** @returns the conversation's record and why it is out of step; undefined where this device can follow, or is out */
  #outOfStep(chatId: string): OutOfStep | undefined {
    const record = this.#context.conversations.get(chatId)?.record;
    const desync = record && isIn(record) ? desyncOf(record) : undefined;
    return record && desync && { record, desync };
  }

  async #ask(
    chatId: string,
    { record, desync: { epoch, commitId } }: OutOfStep,
    state: GroupState | undefined,
    server: NonNullable<Awaited<ReturnType<typeof serverState>>>,
    action: "ask-reseal" | "ask-readd",
    round: number,
  ): Promise<void> {
    const recipients = await whomToAsk(this.#context, server.members, record, state, round);
    const id = fromHex(commitId ?? "");
    const content: DeviceMessageContent = action === "ask-reseal"
      ? { kind: "reseal", n: epoch, commitId: id }
      : await this.#parts.requests.make(record.channelId, epoch, id, server.epoch);
    for (const to of recipients) {
      if (!this.#outOfStep(chatId)) return;
      await sendDeviceMessage(this.#context, record.channelId, to, content);
    }
  }
}

function noteServerEpoch(asking: Asking, epoch: number): void {
  if (epoch === asking.serverEpoch) {
    asking.quietRounds++;
    return;
  }
  asking.serverEpoch = epoch;
  asking.quietRounds = 0;
  asking.inNeed.clear();
}
