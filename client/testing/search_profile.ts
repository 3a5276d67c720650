/** A profile with lines and a search over them, for tests: the parts that a search has in an engine, without one. */

import { SealedStore } from "../storage/sealed_store.ts";
import type { Storage } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import type { MessageLine } from "../sync/conversation/message_line.ts";
import { keys, type LineRecord } from "../sync/conversation/records.ts";
import { ChangedLines } from "../search/changed_lines.ts";
import { Search, type SearchParts } from "../search/search.ts";
import { SearchFiles } from "./search_files.ts";

/** A message's line. @param place a number: lines sort by it, and each second has one */
export function lineAt(place: number, text: string, fields: Partial<MessageLine> = {}): LineRecord {
  return {
    kind: "message",
    messageId: place.toString(16).padStart(32, "0"),
    order: `1${place.toString(16).padStart(30, "0")}`,
    sender: "bert",
    senderKey: "00".repeat(32),
    own: false,
    atMs: 1_700_000_000_000 + place * 1000,
    state: "received",
    text,
    ...fields,
  };
}

/** The account key (hex) of a person who is blocked. */
export const blockedKey = "bb".repeat(32);

/** What one device keeps: its storage and the files of its index. */
export class SearchProfile implements Disposable {
  readonly files = new SearchFiles();
  readonly progress: [number, number][] = [];
  readonly errors: unknown[] = [];
  readonly chats = new Set<string>();
  readonly hidden = new Set<string>();
  readonly #storage: Storage;
  readonly #key: CryptoKey;
  store!: SealedStore;
  #search: Search | undefined;

  private constructor(storage: Storage, key: CryptoKey) {
    this.#storage = storage;
    this.#key = key;
  }

  /** A profile without lines. */
  static async make(): Promise<SearchProfile> {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const profile = new SearchProfile(new MemoryStorage(), key);
    await profile.restart();
    return profile;
  }

  /** What is in memory is gone, as after a crash; what is on disk stays. */
  async restart(): Promise<void> {
    this.store = new SealedStore(this.#storage, this.#key);
    await this.store.takeFence();
    this.#search = undefined;
    this.#changed = new ChangedLines(this.store);
  }

  #changed!: ChangedLines;

  /** Lines change from now on as in an engine whose profile has an index that is not open yet. */
  noteChanges(): void {
    this.#changed.start(true);
  }

  /** Writes lines of a chat. */
  async write(chatId: string, ...lines: LineRecord[]): Promise<void> {
    this.chats.add(chatId);
    await this.store.write({
      puts: lines.map((value) => ({ store: "messages", key: keys.line(chatId, value.order), value })),
    });
  }

  async delete(chatId: string, ...lines: LineRecord[]): Promise<void> {
    await this.store.write({
      deletes: lines.map(({ order }) => ({ store: "messages", key: keys.line(chatId, order) })),
    });
  }

  /** The open search. */
  async search(parts: Partial<SearchParts> = {}): Promise<Search> {
    return this.#search ??= await Search.open({
      store: this.store,
      databases: this.files,
      changed: this.#changed,
      environment: { after: (_ms, run) => cancelled(setTimeout(run, 0)) },
      chatIds: () => [...this.chats],
      shown: () => new Set([...this.chats].filter((chatId) => !this.hidden.has(chatId))),
      isBlocked: (accountKey) => accountKey === blockedKey,
      progress: (done, total) => this.progress.push([done, total]),
      failed: (error) => this.errors.push(error),
      ...parts,
    });
  }

  /** The texts of all hits, once the index is complete. */
  async finds(query: string, options?: Parameters<Search["find"]>[1]): Promise<string[]> {
    const search = await this.search();
    await search.complete();
    return (await search.find(query, options)).hits.map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.#search?.close();
    this.#search = undefined;
  }

  [Symbol.dispose](): void {
    this.files[Symbol.dispose]();
  }
}

function cancelled(timer: number | ReturnType<typeof setTimeout>): () => void {
  return () => clearTimeout(timer as number);
}
