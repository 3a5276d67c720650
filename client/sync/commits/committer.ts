/**
 * The queue of plans that become commits: at most one commit is pending in a conversation.
 *
 * The plan and its bytes are on disk before a byte leaves. The commit is merged only on the own queue entry.
 * When another member's commit wins, the bytes are void, and the plan is built again if anything of it is left
 * (specification §4.4).
 */

import { codeName } from "../../../schema/rpc/errors.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { GroupUsageError } from "../../mls/group.ts";
import { backoffMs, commitRetryMs } from "../../runtime/backoff.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import { planError } from "./commit_plan.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";
import { buildFromPlan, rebuildCommit } from "./commit_builder.ts";
import { sendCommit } from "./commit_sender.ts";

/** How long the entry of a commit that won may take to arrive before the same bytes are sent again, in ms. */
const winnerPatienceMs = 5_000;

interface Waiter {
  resolve(): void;
  reject(error: EngineError): void;
}

/** Carries out plans as commits: one pending commit a channel, built again from its plan when another one won. */
export class Committer {
  readonly #context: SyncContext;
  readonly #waiters = new Map<string, Waiter[]>();
  /** The jobs of a chat, one after another. */
  readonly #jobs = new Map<string, Promise<unknown>>();
  /** Chats whose commit is being built or sent. */
  readonly #sending = new SingleFlight();
  readonly #timers: Timers;
  readonly #failures = new Map<string, number>();
  #connected = false;
  #closed = false;

  constructor(context: SyncContext) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
  }

  /** The server may be told: pending commits go out again, the same bytes. */
  connected(): void {
    this.#connected = true;
    for (const { id, pending } of this.#context.conversations.all()) {
      if (pending) this.#schedule(id, 0);
    }
  }

  /** From now on no commit goes out until {@link connected}. */
  disconnected(): void {
    this.#connected = false;
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
    for (const chatId of [...this.#waiters.keys()]) {
      this.#finish(chatId, new EngineError({ code: LocalCode.offline, detail: "the engine was closed" }));
    }
  }

  /**
   * Makes a commit of a plan. It waits for an earlier plan of the same chat, then stores and sends the commit. It
   * resolves when the own entry was merged, or when nothing is left to do.
   *
   * @param makePlan called when this plan's turn comes; undefined means that nothing is to do
   * @throws EngineError
   */
  async commit(
    chatId: string,
    makePlan: (conversation: ConversationTransaction) => Promise<CommitPlan | undefined> | CommitPlan | undefined,
  ): Promise<void> {
    const before = this.#jobs.get(chatId) ?? Promise.resolve();
    const job = before.catch(() => {}).then(async () => {
      // A commit that the device already had at its start.
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

  /** Whether a commit of this chat is in progress. */
  isBusy(chatId: string): boolean {
    return this.#jobs.has(chatId) || this.#context.conversations.get(chatId)?.pending !== undefined;
  }

  merged(chatId: string): void {
    this.#finish(chatId);
  }

  ended(chatId: string): void {
    this.#finish(
      chatId,
      new EngineError({ code: LocalCode.notInChat, detail: "this device is no longer in the group" }),
    );
  }

  /**
   * After a random delay, builds the own commit again from its plan: another commit won, or this device came into the
   * group anew. Where the plan is gone, whoever waits for it gets an error.
   */
  rebuildSoon(chatId: string): void {
    const attempt = this.#context.conversations.get(chatId)?.pending?.attempt ?? 1;
    this.#schedule(chatId, commitRetryMs(attempt, this.#context.environment.random()));
  }

  /**
   * Sends the commit that {@link buildFromPlan} put into a written unit, and waits until it was merged.
   *
   * @throws EngineError
   */
  async sendBuilt(chatId: string): Promise<void> {
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
      return plan !== undefined && await buildFromPlan(this.#context, conversation, plan, 0);
    }).catch((error) => {
      throw planError(error);
    });
    if (begun) await this.sendBuilt(chatId);
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

  /** Builds the plan again if its commit lost, and sends a built commit. Never rejects. */
  async #advance(chatId: string): Promise<void> {
    if (this.#closed) return;
    if (!this.#sending.begin(chatId)) return;
    let again: number | undefined;
    try {
      const pending = this.#context.conversations.get(chatId)?.pending;
      // While this device is out of step, nothing is built. It is built after the device is back in the
      // group.
      const record = this.#context.conversations.get(chatId)?.record;
      const canFollow = record === undefined || desyncOf(record) === undefined;
      // The commit was voided when this device fell out of step. The callers that wait for it continue with
      // an error.
      if (!pending) {
        this.#finish(
          chatId,
          new EngineError({
            code: LocalCode.notInChat,
            detail: "this device lost its place in the group before the change was made",
          }),
        );
      }
      const isReady = canFollow && pending && (pending.commit !== undefined || await this.#rebuild(chatId));
      if (isReady && this.#connected) again = await this.#send(chatId);
    } catch (error) {
      if (!this.#closed) {
        this.#context.problem({
          code: LocalCode.storage,
          detail: `a commit could not be stored: ${(error as Error).name}`,
        });
      }
      again = this.#delay(chatId);
    }
    const rerun = this.#sending.end(chatId);
    const pending = this.#context.conversations.get(chatId)?.pending;
    // Another run was requested meanwhile: for a plan to be built, for another commit than the answered one, or to
    // let the callers know that the commit was voided.
    if (rerun && (!pending?.commit || again === undefined)) this.#schedule(chatId, 0);
    else if (pending && again !== undefined) this.#schedule(chatId, again);
  }

  /** @returns whether there is something to send now */
  async #rebuild(chatId: string): Promise<boolean> {
    try {
      const needed = await rebuildCommit(this.#context, chatId);
      if (!needed) this.#finish(chatId);
      return needed;
    } catch (error) {
      if (!(error instanceof GroupUsageError)) throw error;
      await this.#abandon(chatId, planError(error));
      return false;
    }
  }

  /** @returns after how many ms to look again, if the entry has not arrived by then */
  async #send(chatId: string): Promise<number | undefined> {
    const outcome = await sendCommit(this.#context, chatId);
    switch (outcome.kind) {
      case "await-entry":
        if (!outcome.lost) this.#failures.delete(chatId);
        return winnerPatienceMs;
      case "again":
        return 0;
      case "retry":
        return Math.max(outcome.afterMs, this.#delay(chatId));
      case "refused": {
        const { code, reason } = outcome.error;
        await this.#abandon(chatId, new EngineError({ code: codeName(code), detail: reason }));
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** Gives the plan up. A chat whose first commit fails is removed, too. */
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
