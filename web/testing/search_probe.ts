/**
 * A Worker with a real search over the browser's real storages, for tests and measurements: IndexedDB, and SQLite in
 * OPFS. Never part of the app.
 */

import "../dom/trusted_types.ts";
import { expose } from "comlink";
import type { SearchOptions, SearchResult } from "../../client/api/search.ts";
import { ChangedLines } from "../../client/search/changed_lines.ts";
import { Search } from "../../client/search/search.ts";
import { IndexedDbStorage } from "../../client/storage/indexeddb.ts";
import { SealedStore } from "../../client/storage/sealed_store.ts";
import { keys, type LineRecord } from "../../client/sync/conversation/records.ts";
import { searchDatabases, searchFolder } from "../engine/search_opfs.ts";

const chatId = "ab".repeat(32);
let storage: IndexedDbStorage;
let store: SealedStore;
let search: Search | undefined;
let changed: ChangedLines;

/** @param place lines sort by it */
function lineAt(place: number, text: string): LineRecord {
  const digits = place.toString(16);
  return {
    kind: "message",
    messageId: digits.padStart(32, "0"),
    order: `1${digits.padStart(30, "0")}`,
    sender: "bert",
    senderKey: "00".repeat(32),
    own: false,
    atMs: 1_700_000_000_000 + place * 1000,
    state: "received",
    text,
  };
}

async function files(): Promise<File[]> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(searchFolder).catch(() => undefined);
  const found: File[] = [];
  const walk = async (directory: FileSystemDirectoryHandle): Promise<void> => {
    for await (const entry of (directory as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()) {
      if (entry.kind === "directory") await walk(entry as FileSystemDirectoryHandle);
      else found.push(await (entry as FileSystemFileHandle).getFile());
    }
  };
  if (folder) await walk(folder);
  return found;
}

const probe = {
  /** Opens the profile; the search is opened when it is used. */
  async open(): Promise<void> {
    storage = await IndexedDbStorage.open();
    store = new SealedStore(storage, await storage.wrappingKey());
    await store.takeFence();
    changed = new ChangedLines(store);
  },
  /** Writes lines. @param first the place of the first one */
  async write(first: number, texts: string[]): Promise<void> {
    await store.write({
      puts: texts.map((text, index) => {
        const value = lineAt(first + index, text);
        return { store: "messages", key: keys.line(chatId, value.order), value };
      }),
    });
  },
  /** Opens the search. @returns how long that took, in ms */
  async begin(): Promise<number> {
    const before = performance.now();
    search = await Search.open({
      store,
      databases: await searchDatabases(),
      changed,
      environment: {
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
      chatIds: () => [chatId],
      shown: () => new Set([chatId]),
      isBlocked: () => false,
      progress: () => {},
      failed: (error) => console.error(error),
    });
    return performance.now() - before;
  },
  /** @returns how long it took until every line was in the index, in ms */
  async complete(): Promise<number> {
    const before = performance.now();
    await search!.complete();
    return performance.now() - before;
  },
  find: (query: string, options?: SearchOptions): Promise<SearchResult> => search!.find(query, options),
  /** @returns how long each query took, in ms */
  async measure(queries: string[]): Promise<number[]> {
    const times: number[] = [];
    for (const query of queries) {
      const before = performance.now();
      await search!.find(query);
      times.push(performance.now() - before);
    }
    return times;
  },
  /** Ends the search as a tab that closes. */
  async close(): Promise<void> {
    await search?.close();
    await storage.close();
  },
  /** Empties the profile, as signing out does. */
  async clear(): Promise<void> {
    await search?.close();
    await store.clear();
    await (await searchDatabases()).clear();
  },
  /** @returns the sizes of the index's files, and whether a word, in UTF-8, stands in one of them */
  async inspect(word: string): Promise<{ sizes: number[]; isInClear: boolean }> {
    const all = await files();
    const contents = await Promise.all(
      all.map(async (file) => new TextDecoder("latin1").decode(await file.arrayBuffer())),
    );
    return {
      sizes: all.map(({ size }) => size),
      isInClear: contents.some((content) => content.toLowerCase().includes(word)),
    };
  },
  /** Overwrites the middle of the index's largest file. The search is closed. */
  async damage(): Promise<void> {
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle(searchFolder)).getDirectoryHandle(".opaque");
    for await (const entry of (folder as unknown as { values(): AsyncIterable<FileSystemFileHandle> }).values()) {
      const { size } = await entry.getFile();
      if (size < 20_000) continue;
      const handle = await (entry as FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccess> })
        .createSyncAccessHandle();
      for (let at = 8192; at < size; at += 4096) handle.write(crypto.getRandomValues(new Uint8Array(64)), { at });
      handle.close();
    }
  },
};

interface SyncAccess {
  write(bytes: Uint8Array, options: { at: number }): number;
  close(): void;
}

/** What the page may ask the Worker. */
export type SearchProbe = typeof probe;
expose(probe);
