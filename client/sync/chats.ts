/**
 * The conversations of this device: pictures in memory of what is on disk, and the only way to change them.
 *
 * A change is a unit of work: it holds the mutex of each chat that it touches, computes (all MLS and content), and then makes ONE storage write with everything; only after that
 * write do memory and listeners see the change. A unit that fails leaves no trace, and what it touched is read again from the storage.
 */

import { Mutex } from "async-mutex";
import { fromHex, toHex } from "../../schema/bytes.ts";
import type { ChatSummary, TimelineItem } from "../engine/api.ts";
import type { Bytes, GroupState, Mls } from "../mls/group.ts";
import type { SealedBatch, SealedStore } from "../storage/sealed_store.ts";
import { type Chat, Draft } from "./draft.ts";
import { type ChatRecord, type ItemRecord, keys, type PendingRecord } from "./records.ts";
import { itemOf, summaryOf } from "./timeline.ts";
import { Unit } from "./unit.ts";

export interface ChatsListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  chats(chats: ChatSummary[]): void;
}

export class Chats {
  readonly #store: SealedStore;
  readonly #mls: Mls;
  readonly #own: { username: string; accountKey: string };
  readonly #listener: ChatsListener;
  readonly #chats = new Map<string, Chat>();
  readonly #mutexes = new Map<string, Mutex>();
  #announced = false;

  constructor(options: { store: SealedStore; mls: Mls; own: { username: string; accountKey: string }; listener: ChatsListener }) {
    this.#store = options.store;
    this.#mls = options.mls;
    this.#own = options.own;
    this.#listener = options.listener;
  }

  /** Reads all group records; MLS states are read when they are needed. @throws StorageError */
  async load(): Promise<void> {
    const [records, pending] = await Promise.all([this.#store.range<ChatRecord>("groups", ""), this.#store.range<PendingRecord>("pending", "")]);
    const pendingById = new Map(pending.map(({ key, value }) => [key, value]));
    await Promise.all(records.map(async ({ key, value }) => {
      const version = await this.#store.version(value.channelId);
      this.#chats.set(key, { id: key, record: value, state: undefined, ratchetKeys: new Set(), pending: pendingById.get(key), version });
    }));
  }

  get(chatId: string): Chat | undefined {
    return this.#chats.get(chatId);
  }

  all(): Chat[] {
    return [...this.#chats.values()];
  }

  /** Newest activity first; without chats that are not on the server yet. */
  summaries(): ChatSummary[] {
    return this.all().filter(({ record }) => !record.hidden).map((chat) => summaryOf(chat.id, chat.record, this.#own)).sort((a, b) => b.activityMs - a.activityMs);
  }

  /** @returns the chat with its MLS state; undefined when there is no chat or it has no state any more */
  async withState(chatId: string): Promise<GroupState | undefined> {
    return await this.#mutex(chatId).runExclusive(async () => {
      const chat = this.#chats.get(chatId);
      return chat && (await this.#loaded(chat)).state;
    });
  }

  /**
   * Runs one unit of work and writes it.
   *
   * @param work gets at its chats by `unit.chat`. Only the inbox may touch more than one: its order of locking is the only one.
   * @returns what `work` returned
   * @throws whatever `work` throws; StorageError, GuardError. Nothing has changed then (after a StorageError: nothing or everything, and it is read again)
   */
  async update<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    const held = new Map<string, () => void>();
    const hold = async (chatId: string) => {
      if (!held.has(chatId)) held.set(chatId, await this.#mutex(chatId).acquire());
    };
    const unit: Unit = new Unit(
      async (chatId) => {
        await hold(chatId);
        const chat = this.#chats.get(chatId);
        if (!chat) return undefined;
        const draft = new Draft(await this.#loaded(chat), this.#mls);
        unit.drafts.set(chatId, draft);
        return draft;
      },
      async (record) => {
        const chatId = toHex(record.channelId);
        await hold(chatId);
        const before = this.#chats.get(chatId);
        const version = before?.version ?? await this.#store.version(record.channelId);
        const draft = new Draft({ id: chatId, record, state: undefined, ratchetKeys: before?.ratchetKeys ?? new Set(), pending: undefined, version }, this.#mls);
        unit.drafts.set(chatId, draft);
        return draft;
      },
    );
    try {
      const result = await work(unit);
      const batch = unit.batch();
      if (!unit.empty) await this.#write(unit, batch);
      this.#publish(unit);
      return result;
    } finally {
      for (const release of held.values()) release();
    }
  }

  /**
   * @param before only items before this place
   * @returns oldest first
   */
  async items(chatId: string, before: string | undefined, limit: number): Promise<ItemRecord[]> {
    const prefix = `${chatId}/`;
    const records = await this.#store.range<ItemRecord>("messages", prefix, { reverse: true, limit, ...(before !== undefined && { before: keys.item(chatId, before) }) });
    return records.map(({ value }) => value).reverse();
  }

  async #write(unit: Unit, batch: SealedBatch): Promise<void> {
    try {
      await this.#store.write(batch);
    } catch (error) {
      // Whether it was written is unknown: the pictures in memory may be old.
      for (const chatId of unit.drafts.keys()) await this.#reread(chatId).catch(() => this.#chats.delete(chatId));
      throw error;
    }
  }

  async #reread(chatId: string): Promise<void> {
    const record = await this.#store.get<ChatRecord>("groups", chatId);
    if (!record) {
      this.#chats.delete(chatId);
      return;
    }
    const [pending, version] = await Promise.all([this.#store.get<PendingRecord>("pending", chatId), this.#store.version(record.channelId)]);
    this.#chats.set(chatId, { id: chatId, record, state: undefined, ratchetKeys: new Set(), pending, version });
  }

  #publish(unit: Unit): void {
    let listed = false;
    for (const [chatId, draft] of unit.drafts) {
      if (draft.deleted) {
        this.#chats.delete(chatId);
      } else {
        this.#chats.set(chatId, draft.result());
        if (draft.items.length > 0) this.#listener.timeline(chatId, draft.items.map(itemOf));
      }
      listed ||= draft.changed;
    }
    if (listed) this.#announce();
    unit.finish();
  }

  /** Many changes in one turn make one event. */
  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      this.#listener.chats(this.summaries());
    });
  }

  async #loaded(chat: Chat): Promise<Chat> {
    if (chat.state) return chat;
    const [epoch, ratchets] = await Promise.all([this.#store.get<Bytes>("epochs", chat.id), this.#store.range<Bytes>("ratchets", `${chat.id}/`)]);
    if (!epoch) return chat;
    const records = ratchets.map(({ key, value }) => ({ key: key.slice(chat.id.length + 1), bytes: value }));
    const loaded: Chat = { ...chat, state: this.#mls.decodeState(epoch, records), ratchetKeys: new Set(records.map(({ key }) => key)) };
    this.#chats.set(chat.id, loaded);
    return loaded;
  }

  #mutex(chatId: string): Mutex {
    let mutex = this.#mutexes.get(chatId);
    if (!mutex) this.#mutexes.set(chatId, mutex = new Mutex());
    return mutex;
  }
}

/** @returns the 32 bytes of a chatId, or undefined for a text that is none */
export function channelIdOf(chatId: string): Bytes | undefined {
  return /^[0-9a-f]{64}$/.test(chatId) ? fromHex(chatId) : undefined;
}
