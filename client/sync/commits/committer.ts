/**
 * Commits: at most one pending a channel. What it is for (the plan) and its bytes are on disk before a byte
 * leaves; it is merged only on the own queue entry; another member's commit voids the bytes, and the plan is
 * built again if there is still something to do (specification §4.4).
 */

import { type Bytes, equalBytes, sha256, toHex } from "../../../schema/bytes.ts";
import { codeName, ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { GroupUsageError, type PendingCommit } from "../../mls/group.ts";
import { backoffMs, commitRetryMs } from "../../runtime/backoff.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import { bundleBody, infoChangeOf, isReadded, planError, readdsOf, remainingPlan } from "./commit_plan.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { sendRemovalNotices } from "../device_messages/removal_notice.ts";
import type { CommitPlan } from "../conversation/records.ts";
import { serverListDiff, tellServer } from "./server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";

/** Longest wait for the answer to a commit of up to 16 MiB, in ms. */
const commitTimeoutMs = 120_000;
/** How long the entry of a commit that won may take to arrive before the same bytes are sent again, in ms. */
const winnerPatienceMs = 5_000;

interface Waiter {
  resolve(): void;
  reject(error: EngineError): void;
}

/** Carries out plans as commits: one pending commit a channel, built again from its intent when another one won. */
export class Committer {
  readonly #context: SyncContext;
  readonly #waiters = new Map<string, Waiter[]>();
  /** Work of a chat, one after another. */
  readonly #jobs = new Map<string, Promise<unknown>>();
  /** Chats whose commit is being built or sent. */
  readonly #sending = new SingleFlight();
  readonly #timers: Timers;
  readonly #failures = new Map<string, number>();
  #closed = false;

  constructor(context: SyncContext) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
  }

  /** The network is there: pending commits go out again, the same bytes. */
  connected(): void {
    for (const { id, pending } of this.#context.conversations.all()) {
      if (pending) this.#schedule(id, 0);
    }
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
    for (const chatId of [...this.#waiters.keys()]) {
      this.#finish(chatId, new EngineError({ code: LocalCode.offline, detail: "the engine was closed" }));
    }
  }

  /**
   * Carries a plan out: waits for an earlier one of the same chat, stores, sends, and resolves when the own
   * entry was merged, or when there is nothing left to do.
   *
   * @param makePlan is asked when it is this plan's turn; undefined: nothing to do
   * @throws EngineError
   */
  async carryOut(
    chatId: string,
    makePlan: (conversation: ConversationTransaction) => Promise<CommitPlan | undefined> | CommitPlan | undefined,
  ): Promise<void> {
    const before = this.#jobs.get(chatId) ?? Promise.resolve();
    const job = before.catch(() => {}).then(async () => {
      // One that was found on the device at the start.
      if (this.#context.conversations.get(chatId)?.pending) await this.#settled(chatId);
      await this.#begin(chatId, makePlan);
    });
    this.#jobs.set(chatId, job);
    try {
      await job;
    } finally {
      if (this.#jobs.get(chatId) === job) this.#jobs.delete(chatId);
    }
  }

  /** Whether a commit of this chat is under way. */
  isBusy(chatId: string): boolean {
    return this.#jobs.has(chatId) || this.#context.conversations.get(chatId)?.pending !== undefined;
  }

  merged(chatId: string): void {
    this.#finish(chatId);
  }

  ended(chatId: string): void {
    this.#finish(
      chatId,
      new EngineError({ code: codeName(ErrorCode.notAMember), detail: "this device is no longer in the group" }),
    );
  }

  /** Another commit won: after a random while, ours is built again on top of it. */
  lost(chatId: string): void {
    const attempt = this.#context.conversations.get(chatId)?.pending?.attempt ?? 1;
    this.#schedule(chatId, commitRetryMs(attempt, this.#context.environment.random()));
  }

  /**
   * Builds the commit and puts it, its plan and the spent handshake key into the draft. For a chat that the
   * unit has just created, too.
   *
   * @returns false when nothing is left to do
   * @throws GroupUsageError when the rules forbid it
   */
  async prepare(conversation: ConversationTransaction, plan: CommitPlan, attempt: number): Promise<boolean> {
    const { mls, account, trust } = this.#context;
    const { state } = conversation;
    if (!state) throw new GroupUsageError("not-active", "there is no state of this group");
    const ownDevice = toHex(account.recipientKey);
    const present = new Set(mls.members(state).map(({ recipientKey }) => toHex(recipientKey)));
    // Its own request to leave is for others to commit.
    const leaves = mls.pendingLeaves(state).some(({ leafIndex }) => leafIndex !== state.ownLeafIndex);
    const info = infoChangeOf(plan, mls.info(state));
    const left = remainingPlan(plan, present, ownDevice, leaves, info !== undefined);
    if (!left) return false;
    const intent = {
      add: left.add.map(({ keyPackage }) => keyPackage),
      remove: left.remove,
      ...(info && { info }),
      ...(plan.requests && { requests: plan.requests }),
      nowMs: account.clock.now(),
    };
    const { newState, record, pending } = await trust.during(() => mls.prepareCommit(state, intent));
    conversation.moveRatchet(newState, record);
    conversation.setPending({ plan, commit: mls.encodePending(pending), attempt });
    return true;
  }

  /**
   * The commit that {@link prepare} put into a unit that was written: sends it and waits until it was merged.
   * @throws EngineError
   */
  async sendPrepared(chatId: string): Promise<void> {
    const settled = this.#settled(chatId);
    this.#schedule(chatId, 0);
    await settled;
  }

  async #begin(
    chatId: string,
    makePlan: (conversation: ConversationTransaction) => Promise<CommitPlan | undefined> | CommitPlan | undefined,
  ): Promise<void> {
    const begun = await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isIn(conversation.record) || desyncOf(conversation.record)) {
        throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
      }
      const plan = await makePlan(conversation);
      return plan !== undefined && await this.prepare(conversation, plan, 0);
    }).catch((error) => {
      throw planError(error);
    });
    if (begun) await this.sendPrepared(chatId);
  }

  #settled(chatId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(chatId) ?? [];
      waiters.push({ resolve, reject });
      this.#waiters.set(chatId, waiters);
    });
  }

  #finish(chatId: string, error?: EngineError): void {
    const waiters = this.#waiters.get(chatId) ?? [];
    this.#waiters.delete(chatId);
    this.#failures.delete(chatId);
    this.#timers.cancel(chatId);
    for (const { resolve, reject } of waiters) error ? reject(error) : resolve();
  }

  #schedule(chatId: string, delayMs: number): void {
    if (this.#closed) return;
    this.#timers.cancel(chatId);
    if (delayMs === 0) {
      void this.#advance(chatId);
      return;
    }
    this.#timers.start(chatId, delayMs, () => void this.#advance(chatId));
  }

  /** Builds what lost, sends what is built. Never rejects. */
  async #advance(chatId: string): Promise<void> {
    if (this.#closed) return;
    if (!this.#sending.begin(chatId)) return;
    let again: number | undefined;
    try {
      const pending = this.#context.conversations.get(chatId)?.pending;
      // Built again once this device is in the group again.
      const record = this.#context.conversations.get(chatId)?.record;
      const stands = record === undefined || desyncOf(record) === undefined;
      // It was voided when this device fell out of step: whoever waits for it, and the work behind it, goes on.
      if (!pending) {
        this.#finish(
          chatId,
          new EngineError({
            code: LocalCode.notInChat,
            detail: "this device lost its place in the group before the change was made",
          }),
        );
      }
      if (stands && pending && (pending.commit !== undefined || await this.#rebuild(chatId))) {
        again = await this.#send(chatId);
      }
    } catch (error) {
      if (!this.#closed) {
        this.#context.problem({
          code: LocalCode.storage,
          detail: `a commit could not be stored: ${(error as Error).name}`,
        });
      }
      again = this.#delay(chatId);
    }
    const asked = this.#sending.end(chatId);
    const pending = this.#context.conversations.get(chatId)?.pending;
    // Asked meanwhile: for a plan that is to be built, or for another commit than the one whose answer was awaited.
    if (pending && asked && (!pending.commit || again === undefined)) this.#schedule(chatId, 0);
    else if (pending && again !== undefined) this.#schedule(chatId, again);
  }

  /** @returns whether there is something to send now */
  async #rebuild(chatId: string): Promise<boolean> {
    try {
      const needed = await this.#context.conversations.update(async (unit) => {
        const conversation = await unit.conversation(chatId);
        if (!conversation?.pending || conversation.pending.commit) return conversation?.pending !== undefined;
        const { plan } = conversation.pending;
        // Another member was faster.
        const done = plan.purpose === "repair"
          ? !conversation.record.serverDiffers
          : plan.purpose === "readd" && isReadded(conversation, plan, await readdsOf(plan));
        if (done) {
          conversation.setPending(undefined);
          return false;
        }
        if (await this.prepare(conversation, conversation.pending.plan, conversation.pending.attempt)) return true;
        conversation.setPending(undefined);
        return false;
      });
      if (!needed) this.#finish(chatId);
      return needed;
    } catch (error) {
      if (!(error instanceof GroupUsageError)) throw error;
      await this.#abandon(chatId, planError(error));
      return false;
    }
  }

  /** @returns after how many ms to look again, if the entry has not come by then */
  async #send(chatId: string): Promise<number | undefined> {
    const { conversations: chats, mls, rpc } = this.#context;
    const record = chats.get(chatId)?.pending;
    if (!record?.commit) return undefined;
    const pending = mls.decodePending(record.commit);
    const { channelId } = chats.get(chatId)!.record;
    const { removed, added, headers } = tellServer(pending, record.serverMembers);
    const { body, headersLength } = bundleBody({ bundle: { ...pending.bundle, headers } });
    try {
      if (pending.baseEpoch === 0n) await rpc.call(delivery.createChannel, { channelId });
      if (record.plan.purpose === "remove") await sendRemovalNotices(this.#context, channelId, pending);
      const lengths = {
        commitLength: pending.bundle.sealedCommit.length,
        welcomeLength: pending.bundle.sealedWelcome.length,
        headersLength,
      };
      const params = {
        channelId,
        epoch: Number(pending.baseEpoch),
        commitId: pending.commitId,
        sha256: await sha256(body),
        ...lengths,
        removed,
        added,
      };
      await rpc.call(delivery.commit, params, { timeoutMs: commitTimeoutMs }, body);
      this.#failures.delete(chatId);
      return winnerPatienceMs;
    } catch (error) {
      return await this.#failed(chatId, channelId, pending, error);
    }
  }

  async #failed(chatId: string, channelId: Bytes, sent: PendingCommit, error: unknown): Promise<number | undefined> {
    if (!(error instanceof WireError)) return this.#delay(chatId);
    const now = this.#context.conversations.get(chatId)?.record.channelId;
    // The conversation has moved meanwhile: what the old channel says no longer counts, and the plan is built
    // again for the new one.
    if (now && !equalBytes(now, channelId)) return 0;
    switch (error.code) {
      case ErrorCode.epochConflict:
      case ErrorCode.staleEpoch:
        // The winner's entry is in the queue, or has been processed meanwhile.
        if (Number(sent.baseEpoch) >= (this.#context.conversations.get(chatId)?.record.epoch ?? 0)) {
          this.#context.events.emit("suspected", chatId, error.code);
        }
        return winnerPatienceMs;
      case ErrorCode.rateLimited:
      case ErrorCode.queueFull:
      case ErrorCode.draining:
      case ErrorCode.internal:
      case ErrorCode.unauthenticated:
      case ErrorCode.sessionExpired:
        return Math.max(error.retryAfterMs, this.#delay(chatId));
      default: {
        if (error.code === ErrorCode.malformed && await this.#meetServer(chatId, sent)) return 0;
        if (error.code === ErrorCode.notAMember) this.#context.events.emit("suspected", chatId, error.code);
        const current = this.#context.conversations.get(chatId)?.pending?.commit;
        if (current && toHex(this.#context.mls.decodePending(current).commitId) === commitId(sent)) {
          await this.#abandon(chatId, new EngineError({ code: codeName(error.code), detail: error.reason }));
        }
        return undefined;
      }
    }
  }

  /**
   * The server found fault with the bundle: mostly because its list of members is not the group's, which a
   * member may have brought about (specification §4.6). The same commit goes out again, with headers for the
   * server's list and the difference told.
   *
   * @returns whether there is something new to send
   */
  async #meetServer(chatId: string, sent: PendingCommit): Promise<boolean> {
    const chat = this.#context.conversations.get(chatId);
    if (!chat || sent.baseEpoch === 0n || chat.pending?.serverMembers) return false;
    const server = await this.#context.rpc.call(delivery.channelState, { channelId: chat.record.channelId }).catch(() =>
      undefined
    );
    const state = await this.#context.conversations.withState(chatId);
    if (!server || !state || server.epoch !== Number(state.epoch)) return false;
    const { missing, extra } = serverListDiff(this.#context.mls.members(state), server.members);
    if (missing.length + extra.length === 0) return false;
    return await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation?.pending?.commit || conversation.record.epoch !== server.epoch) return false;
      conversation.setPending({ ...conversation.pending, serverMembers: server.members });
      if (!conversation.record.serverDiffers) {
        conversation.notice("server-differs", {}, this.#context.account.clock.now());
      }
      conversation.set({ serverDiffers: true });
      return true;
    });
  }

  /** Gives the plan up. A chat that never came to be goes with it. */
  async #abandon(chatId: string, error: EngineError): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) return;
      conversation.setPending(undefined);
      if (!isShown(conversation.record)) conversation.remove();
    });
    this.#finish(chatId, error);
  }

  #delay(chatId: string): number {
    const failures = (this.#failures.get(chatId) ?? 0) + 1;
    this.#failures.set(chatId, failures);
    return backoffMs(failures, this.#context.environment.random());
  }
}

function commitId(pending: PendingCommit): string {
  return toHex(pending.commitId);
}
