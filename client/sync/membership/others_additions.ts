/**
 * Repeats additions that other members had made and that a move has undone, where the devices that made them do not
 * (docs/decisions/034).
 *
 * The device that added a person repeats it at once (group_maintenance.ts). It may be away for long. So the devices of
 * admins who saw the addition repeat it, too, one after another.
 */

import { EngineError, LocalCode } from "../../api/errors.ts";
import { Timers } from "../../runtime/timers.ts";
import { resendForMs } from "../conversation/records.ts";
import { desyncOf, isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isAdmin } from "./admins.ts";
import type { Membership } from "./membership.ts";
import { adminTurnOf } from "./turns.ts";

/** The device that made the addition has so long, in ms, to repeat it. */
const othersFirstMs = 15_000;
/** Between the turns of admins' devices, in ms; later devices act together. */
const turnMs = 5_000;
const lastTurn = 6;

export class OthersAdditions {
  readonly #context: SyncContext;
  readonly #membership: Membership;
  readonly #timers: Timers;
  #working = 0;

  constructor(context: SyncContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
    this.#timers = new Timers(context.environment);
  }

  /** Whether background work is in progress or due. */
  get busy(): boolean {
    return this.#working > 0 || this.#timers.size > 0;
  }

  close(): void {
    this.#timers.close();
  }

  /** Starts the wait for this device's turn, if additions of others are to be repeated in the chat. */
  look(chatId: string): void {
    const { conversations, environment } = this.#context;
    if (!conversations.get(chatId)?.record.redo?.others?.length || this.#timers.has(chatId)) return;
    this.#timers.start(chatId, othersFirstMs + environment.random() * turnMs, () => void this.#work(chatId));
  }

  async #work(chatId: string): Promise<void> {
    this.#working++;
    try {
      const delayMs = await this.#delayMs(chatId);
      if (delayMs === undefined) await this.#drop(chatId);
      else if (delayMs > 0) this.#timers.start(chatId, delayMs, () => void this.#repeat(chatId));
      else await this.#repeat(chatId);
    } catch {
      // The next epoch or connection looks again.
    } finally {
      this.#working--;
    }
  }

  /** @returns undefined where this device repeats nothing: it is no admin's, or the time is over */
  async #delayMs(chatId: string): Promise<number | undefined> {
    const { conversations, account, mls, ownKey } = this.#context;
    const [record, state] = [conversations.get(chatId)?.record, await conversations.withState(chatId)];
    if (!record || !state?.active || !isMember(record) || !isAdmin(record, ownKey)) return undefined;
    if ((record.movedMs ?? 0) + resendForMs < account.clock.now()) return undefined;
    const turn = adminTurnOf(mls.members(state), account.recipientKey, record.channelId) ?? 0;
    return Math.min(turn, lastTurn) * turnMs;
  }

  async #repeat(chatId: string): Promise<void> {
    this.#working++;
    try {
      const record = this.#context.conversations.get(chatId)?.record;
      if (!record || !isMember(record) || desyncOf(record)) return;
      const there = new Set(record.members.map(({ username }) => username));
      for (const username of record.redo?.others ?? []) {
        if (there.has(username)) continue;
        await this.#membership.addPeople(chatId, [username], () => {}).catch((error) => {
          // What can not be had stays out. Any other failure is tried again.
          if (!(error instanceof EngineError) || error.problem.code === LocalCode.offline) throw error;
        });
      }
      await this.#drop(chatId);
    } catch {
      // The next epoch or connection looks again.
    } finally {
      this.#working--;
    }
  }

  async #drop(chatId: string): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const redo = conversation?.record.redo;
      if (!conversation || !redo?.others) return;
      const { others: _others, ...own } = redo;
      conversation.set({ redo: own.add.length + own.remove.length > 0 ? own : undefined });
    });
  }
}
