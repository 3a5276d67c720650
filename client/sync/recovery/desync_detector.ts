/**
 * Judges answers of the server that do not fit this device's epoch (specification §4.5, E017).
 *
 * Mostly the commit that explains such an answer is on its way. Else this device or the server went back in
 * time, or a commit was missed.
 */

import { ErrorCode } from "../../../schema/rpc/errors.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Symptom } from "./policy.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isMember } from "../conversation/standing.ts";
import { entriesWait } from "./waiting_entries.ts";

/**
 * How long an unexpected answer may be explained by an entry on its way, in ms, and how often the server is
 * asked.
 */
const suspicionMs = 3_000;
const looks = 2;

/** Called with the symptom when a suspicion proves true. */
export type OnDesync = (chatId: string, symptom: Symptom) => Promise<void>;

export class DesyncDetector {
  readonly #context: Pick<SyncContext, "conversations" | "rpc" | "account" | "environment">;
  readonly #cursor: () => number;
  readonly #onDesync: OnDesync;
  readonly #timers: Timers;
  readonly #counts = new Map<string, number>();
  #closed = false;

  /** @param cursor the highest seq of the queue whose effects are on disk */
  constructor(
    context: Pick<SyncContext, "conversations" | "rpc" | "account" | "environment">,
    cursor: () => number,
    onDesync: OnDesync,
  ) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#cursor = cursor;
    this.#onDesync = onDesync;
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
  }

  /** The device is in the group again. */
  settle(chatId: string): void {
    this.#counts.delete(chatId);
  }

  /**
   * The server refused a message or commit of the own epoch. The epoch is checked after a while. The
   * suspicion ends with the epoch in which it was raised.
   *
   * @param code of the answer: E015, E016 or E017
   */
  raise(chatId: string, code: number): void {
    if (this.#closed || this.#timers.has(chatId)) return;
    const epoch = this.#context.conversations.get(chatId)?.record.epoch;
    this.#timers.start(chatId, suspicionMs, () => void this.#investigate(chatId, code, epoch).catch(() => {}));
  }

  async #investigate(chatId: string, code: number, epoch: number | undefined): Promise<void> {
    const { conversations, rpc } = this.#context;
    const before = conversations.get(chatId)?.record;
    if (!before || !isMember(before)) return;
    // The commit that explains the answer has arrived. A lost race is no rollback.
    if (before.epoch !== epoch) return this.settle(chatId);
    const server = await serverState(rpc, before.channelId);
    // While entries of the channel wait, the explaining commit may be among them, however long the queue is.
    const isExplained = await entriesWait(this.#context, before.channelId, this.#cursor());
    const now = conversations.get(chatId);
    if (isExplained || !now || !isIn(now.record) || desyncOf(now.record) || now.record.epoch !== before.epoch) {
      return this.settle(chatId);
    }
    const count = (this.#counts.get(chatId) ?? 0) + 1;
    this.#counts.set(chatId, count);
    if (count < looks) return this.raise(chatId, code);
    this.settle(chatId);
    if (!server || server.epoch < now.record.epoch) return await this.#onDesync(chatId, "server-behind");
    if (code === ErrorCode.staleEpoch && !now.pending?.commit) return await this.#onDesync(chatId, "rolled-back");
    if (server.epoch > now.record.epoch) await this.#onDesync(chatId, "fork");
  }
}
