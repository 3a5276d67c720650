/** Deletes records that are kept for a time only: seen ids, entries for another try, first bytes of edited lines. */

import { fromHex } from "../../../schema/bytes.ts";
import type { SealedRecord } from "../../storage/sealed_store.ts";
import { isOfIndex } from "./expiry.ts";
import {
  changesPrefix,
  editedPrefix,
  type EditedRecord,
  firstBytesForMs,
  keys,
  type LineRecord,
  seenForMs,
  type SeenRecord,
  type UnreadableRecord,
} from "./records.ts";
import type { SyncContext } from "./sync_context.ts";

const sweepEveryMs = 30 * 60_000;
const sweepPage = 200;

/** Deletes expired records of all conversations. */
export class ExpiredRecords {
  readonly #context: Pick<SyncContext, "conversations" | "store" | "account">;
  #sweptMs = -Infinity;

  constructor(context: Pick<SyncContext, "conversations" | "store" | "account">) {
    this.#context = context;
  }

  /**
   * Deletes what has expired. It is called with each connection, but runs only now and then, because a long
   * history is much work.
   *
   * @throws StorageError
   */
  async sweep(): Promise<void> {
    const { clock } = this.#context.account;
    // By the earlier of both clocks: one that is once far ahead must not delete what others still need.
    const nowMs = Math.min(clock.now(), clock.deviceNow());
    if (nowMs < this.#sweptMs + sweepEveryMs && nowMs >= this.#sweptMs) return;
    this.#sweptMs = nowMs;
    await this.#dropFirstBytes(nowMs);
    // MIMI ids stay as long as their lines: a later message may name any of them.
    await this.#deleteOld<SeenRecord>(
      "messageids",
      (key, { atMs }) =>
        !key.includes("/mimi/") && !isOfIndex(key) &&
        atMs + (key.startsWith(changesPrefix) ? firstBytesForMs : seenForMs) < nowMs,
    );
    await this.#deleteOld<UnreadableRecord>("unreadable", (_key, { untilMs }) => untilMs < nowMs);
  }

  async #deleteOld<T>(store: "messageids" | "unreadable", isOld: (key: string, value: T) => boolean): Promise<void> {
    for await (const page of this.#pages<T>(store, "")) {
      const old = page.filter(({ key, value }) => isOld(key, value));
      if (old.length === 0) continue;
      await this.#context.conversations.update((unit) => {
        for (const { key } of old) unit.delete(store, key);
        return Promise.resolve();
      });
    }
  }

  /** Deletes the first bytes of own edited messages that are too old for a resend (specification §7.6). */
  async #dropFirstBytes(nowMs: number): Promise<void> {
    const { store, conversations } = this.#context;
    for await (const page of this.#pages<EditedRecord>("messageids", editedPrefix)) {
      for (const { key, value: { chatId, order, atMs } } of page) {
        if (atMs + firstBytesForMs >= nowMs) continue;
        await conversations.update(async (unit) => {
          // This holds the chat's mutex, so that no other unit changes the line meanwhile.
          await unit.conversation(chatId);
          unit.delete("messageids", key);
          const lineKey = keys.line(chatId, order);
          const line = await store.get<LineRecord>("messages", lineKey);
          if (line?.kind !== "message" || !line.content) return;
          const { content: _first, versions: _before, ...bare } = line;
          unit.put("messages", lineKey, bare, { channelId: fromHex(chatId) });
        });
      }
    }
  }

  /**
   * Reads one page at a time, so that memory never holds a long history, and other work can run between
   * pages.
   */
  async *#pages<T>(store: "messageids" | "unreadable", prefix: string): AsyncGenerator<SealedRecord<T>[]> {
    let after: string | undefined;
    do {
      const page = await this.#context.store.range<T>(store, prefix, {
        limit: sweepPage,
        ...(after !== undefined && { after }),
      });
      after = page.length === sweepPage ? page.at(-1)!.key : undefined;
      yield page;
    } while (after !== undefined);
  }
}
