/** What went into a channel that has just taken over, by chat: another successor may still take its place, and then it is said again there. On disk it lies in the outbox. */

import { type OutboxRecord, togetherMs } from "./records.ts";

export class RecentlySent {
  readonly #byChat = new Map<string, OutboxRecord[]>();

  /** @param record with `sentMs` */
  add(record: OutboxRecord): void {
    this.#byChat.set(record.chatId, [...this.#byChat.get(record.chatId) ?? [], record]);
  }

  /** @returns what of a chat is for another channel than the present one; it is forgotten here */
  take(chatId: string, hasMoved: (record: OutboxRecord) => boolean): OutboxRecord[] {
    const all = this.#byChat.get(chatId) ?? [];
    this.#byChat.set(chatId, all.filter((record) => !hasMoved(record)));
    return all.filter(hasMoved);
  }

  /** @returns what has been there for so long that no other successor wins any more */
  outdated(chatId: string, nowMs: number): OutboxRecord[] {
    return (this.#byChat.get(chatId) ?? []).filter(({ sentMs }) => sentMs! + togetherMs < nowMs);
  }

  /** @param orders places of what is forgotten */
  forget(chatId: string, orders: ReadonlySet<string>): void {
    const kept = this.#byChat.get(chatId);
    if (kept && orders.size > 0) this.#byChat.set(chatId, kept.filter(({ order }) => !orders.has(order)));
  }
}
