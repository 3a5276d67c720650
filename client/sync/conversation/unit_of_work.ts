/** One unit of work: everything that one storage write will hold. */

import type { SealContext, SealedBatch, SealedPut } from "../../storage/sealed_store.ts";
import { toHex } from "../../../schema/bytes.ts";
import type { StoreName } from "../../storage/storage.ts";
import type { Draft } from "./conversation_transaction.ts";
import type { ChatRecord } from "./records.ts";

/** What changes together: drafts of groups and single records, written in one transaction. */
export class Unit {
  readonly #puts = new Map<string, SealedPut>();
  readonly #deletes = new Map<string, { store: StoreName; key: string }>();
  readonly #absent: { store: StoreName; key: string }[] = [];
  readonly drafts = new Map<string, Draft>();
  readonly #afterwards: (() => void)[] = [];
  readonly #open: (chatId: string) => Promise<Draft | undefined>;
  readonly #create: (record: ChatRecord, chatId: string) => Promise<Draft>;
  readonly #chatOf: (channel: string) => string | undefined;

  constructor(
    open: (chatId: string) => Promise<Draft | undefined>,
    create: (record: ChatRecord, chatId: string) => Promise<Draft>,
    chatOf: (channel: string) => string | undefined,
  ) {
    this.#open = open;
    this.#create = create;
    this.#chatOf = chatOf;
  }

  /**
   * @param channelId 32 bytes
   * @returns the chat that the channel is of, or would be of; undefined for a channel that its conversation has left
   */
  chatOf(channelId: Uint8Array): string | undefined {
    const channel = toHex(channelId);
    for (const draft of this.drafts.values()) {
      if (draft.deleted) continue;
      if (toHex(draft.record.channelId) === channel) return draft.id;
      if (draft.record.earlier?.includes(channel)) return undefined;
    }
    return this.#chatOf(channel);
  }

  /** @returns the chat to change, its mutex held until the unit ends; undefined when there is none */
  async chat(chatId: string): Promise<Draft | undefined> {
    return this.drafts.get(chatId) ?? await this.#open(chatId);
  }

  /** A chat that is new, or that takes the place of an inactive one. */
  async create(record: ChatRecord, chatId: string = toHex(record.channelId)): Promise<Draft> {
    return await this.#create(record, chatId);
  }

  put(store: StoreName, key: string, value: unknown, context?: SealContext): void {
    const place = `${store}:${key}`;
    this.#deletes.delete(place);
    this.#puts.set(place, context ? { store, key, value, context } : { store, key, value });
  }

  delete(store: StoreName, key: string): void {
    const place = `${store}:${key}`;
    this.#puts.delete(place);
    this.#deletes.set(place, { store, key });
  }

  /** @returns what this unit is going to put there */
  peek(store: StoreName, key: string): unknown {
    return this.#puts.get(`${store}:${key}`)?.value;
  }

  /** The write fails (GuardError) when there is such a record. */
  requireAbsent(store: StoreName, key: string): void {
    this.#absent.push({ store, key });
  }

  /** Runs once the write is on disk and memory has followed. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
  }

  get empty(): boolean {
    return this.#puts.size === 0 && this.#deletes.size === 0 && this.drafts.size === 0;
  }

  /** @returns the batch, with each draft's own records in it */
  batch(): SealedBatch {
    for (const draft of this.drafts.values()) draft.writeTo(this);
    return {
      puts: [...this.#puts.values()],
      deletes: [...this.#deletes.values()],
      absent: this.#absent,
      versions: [...this.drafts.values()].filter((draft) => draft.changed).map(({ channelId, version }) => ({
        channelId,
        from: version,
        to: version + 1,
      })),
    };
  }

  finish(): void {
    for (const run of this.#afterwards) run();
  }
}
