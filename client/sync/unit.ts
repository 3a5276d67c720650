/** One unit of work: everything that one storage write will hold. */

import type { SealContext, SealedBatch, SealedPut } from "../storage/sealed_store.ts";
import type { StoreName } from "../storage/storage.ts";
import type { Draft } from "./draft.ts";
import type { ChatRecord } from "./records.ts";

export class Unit {
  readonly #puts = new Map<string, SealedPut>();
  readonly #deletes = new Map<string, { store: StoreName; key: string }>();
  readonly #absent: { store: StoreName; key: string }[] = [];
  readonly drafts = new Map<string, Draft>();
  readonly #afterwards: (() => void)[] = [];
  readonly #open: (chatId: string) => Promise<Draft | undefined>;
  readonly #create: (record: ChatRecord) => Promise<Draft>;

  constructor(open: (chatId: string) => Promise<Draft | undefined>, create: (record: ChatRecord) => Promise<Draft>) {
    this.#open = open;
    this.#create = create;
  }

  /** @returns the chat to change, its mutex held until the unit ends; undefined when there is none */
  async chat(chatId: string): Promise<Draft | undefined> {
    return this.drafts.get(chatId) ?? await this.#open(chatId);
  }

  /** A chat that is new, or that takes the place of an inactive one. */
  async create(record: ChatRecord): Promise<Draft> {
    return await this.#create(record);
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
      versions: [...this.drafts.values()].filter((draft) => draft.changed).map(({ channelId, version }) => ({ channelId, from: version, to: version + 1 })),
    };
  }

  finish(): void {
    for (const run of this.#afterwards) run();
  }
}
