/**
 * Search over the messages of this device: the index follows the lines, is built in slices beside other work, and is
 * thrown away and built again when it is damaged. What it finds is read from the lines themselves, so nothing that was
 * deleted is shown, whatever the index says.
 */

import { Mutex } from "async-mutex";
import type { SearchHit, SearchOptions, SearchResult } from "../api/search.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { Timers } from "../runtime/timers.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { keys, type LineRecord } from "../sync/conversation/records.ts";
import { excerptOf } from "./excerpt.ts";
import type { ChangedLines } from "./changed_lines.ts";
import { newIndexRecord, readIndexRecord } from "./index_record.ts";
import { indexedLine, searchedText } from "./line_text.ts";
import { expressionOf, matchOf, parseQuery, type Term } from "./query.ts";
import { opened, type SearchDatabase, SearchDatabaseError, type SearchDatabases } from "./search_database.ts";
import { type FoundLine, lowestNumber, SearchIndex } from "./search_index.ts";

export const defaultHits = 20;
export const maxHits = 100;
/** Lines that are put into the index at once while it is built: other work waits for some 30 ms meanwhile. */
export const linesInSlice = 200;
/** The pause between two slices, in ms. */
const slicePauseMs = 5;
/** Changed lines are put into the index together, after this time, in ms; a search does not wait for it. */
const followMs = 500;
/** How often one call asks the index: what may not be shown makes pages shorter, and does not hold the engine up. */
const roundsOfOneCall = 20;
/** How often one call begins anew because lines have changed while it read them. */
const turnsOfOneCall = 3;
/** How often a damaged index is built again by one engine. */
export const maxRebuilds = 3;

/** What the search needs of its engine. */
export interface SearchParts {
  store: SealedStore;
  databases: SearchDatabases;
  changed: ChangedLines;
  environment: Pick<Environment, "after">;
  /** @returns all chats that may have lines, the most important ones first */
  chatIds(): string[];
  /** @returns the chats whose messages may be shown */
  shown(): ReadonlySet<string>;
  /** Whether the user blocks an account (hex): its messages are not shown. */
  isBlocked(accountKey: string): boolean;
  /** Told while the index is being built: how many of its chats are in it. */
  progress(done: number, total: number): void;
  failed(error: unknown): void;
}

/** The search of one signed-in engine. */
export class Search {
  readonly #parts: SearchParts;
  /** The index is read and changed by one piece of work at a time. */
  readonly #mutex = new Mutex();
  readonly #timers: Timers;
  #db: SearchDatabase | undefined;
  #index!: SearchIndex;
  #rebuilds = 0;
  /** How many chats were to be built when the building began. */
  #total = 0;
  #closed = false;

  private constructor(parts: SearchParts) {
    this.#parts = parts;
    this.#timers = new Timers(parts.environment);
  }

  /**
   * Opens the index, or begins a new one.
   *
   * @throws EngineError L040 when no index can be had; StorageError
   */
  static async open(parts: SearchParts): Promise<Search> {
    const search = new Search(parts);
    await search.#mutex.runExclusive(async () => {
      const { isLasting } = parts.databases;
      parts.changed.start(isLasting);
      const record = isLasting ? await readIndexRecord(parts.store) : undefined;
      if (record) {
        await parts.changed.load();
        await search.#use(async () => await (search.#db ? undefined : search.#openDatabase(record)));
      } else await search.#use(() => search.#begin());
    });
    parts.changed.onChange = () => search.#follow(followMs);
    search.#follow(0);
    search.#build(0);
    return search;
  }

  /** Ends the search; the index stays for the next engine. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.close();
    this.#parts.changed.onChange = () => {};
    await this.#mutex.runExclusive(() => this.#closeDatabase());
  }

  /**
   * @param query words that must all be there, phrases in quotes; the last word may be a beginning
   * @throws EngineError L040; StorageError
   */
  async find(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    const terms = parseQuery(query);
    return await this.#mutex.runExclusive(() =>
      this.#use(async () => {
        await this.#takeChanges();
        const isComplete = this.#index.unbuilt().length === 0;
        const chat = options.chatId === undefined ? undefined : this.#index.tokenOf(options.chatId);
        if (terms.length === 0 || (options.chatId !== undefined && chat === undefined)) return { hits: [], isComplete };
        const below = Number(options.before ?? Number.MAX_SAFE_INTEGER);
        const page = () => this.#page(terms, expressionOf(terms, chat, options.sender), options, below);
        let found = await page();
        // An own message gets another place when it is sent: it may have moved between index and line.
        for (let turn = 0; turn < turnsOfOneCall && this.#parts.changed.isWaiting; turn++) {
          await this.#takeChanges();
          found = await page();
        }
        return { ...found, isComplete };
      })
    );
  }

  /** Resolves when every line is in the index, for callers that do one thing and end. @throws EngineError L040 */
  async complete(): Promise<void> {
    const once = () =>
      this.#mutex.runExclusive(() =>
        this.#use(async () => {
          await this.#takeChanges();
          return await this.#slice();
        })
      );
    while (!this.#closed && await once());
  }

  /** Hits that the lines bear out, until the page is full. */
  async #page(
    terms: Term[],
    expression: string,
    options: SearchOptions,
    below: number,
  ): Promise<Pick<SearchResult, "hits" | "before">> {
    const hits: SearchHit[] = [];
    const limit = limitOf(options);
    const lowest = lowestNumber(options.sinceMs ?? 0);
    const shown = this.#parts.shown();
    let next = below;
    for (let round = 0; round < roundsOfOneCall; round++) {
      const found = this.#index.find(expression, limit + 1, next);
      const lines = await this.#linesOf(found);
      for (const [at, place] of found.entries()) {
        // One more than the page has says that there is another page.
        if (place.id < lowest) return { hits };
        if (hits.length === limit) return { hits, before: String(next) };
        const hit = shown.has(place.chatId) ? this.#hitOf(terms, place.chatId, lines[at], options) : undefined;
        if (hit) hits.push(hit);
        next = place.id;
      }
      if (found.length <= limit) return { hits };
    }
    return { hits, before: String(next) };
  }

  #hitOf(
    terms: Term[],
    chatId: string,
    line: LineRecord | undefined,
    { sender: wanted, files }: SearchOptions,
  ): SearchHit | undefined {
    if (line?.kind !== "message" || this.#parts.isBlocked(line.senderKey)) return undefined;
    if ((wanted !== undefined && line.sender !== wanted) || (files && !line.attachments?.length)) return undefined;
    const { order, messageId, sender, own, atMs } = line;
    const text = searchedText(line);
    const ranges = matchOf(terms, text, sender);
    return ranges && { chatId, order, messageId, sender, own, atMs, ...excerptOf(text, ranges) };
  }

  #linesOf(places: readonly Pick<FoundLine, "chatId" | "order">[]): Promise<(LineRecord | undefined)[]> {
    return this.#parts.store.getMany<LineRecord>(
      "messages",
      places.map(({ chatId, order }) => keys.line(chatId, order)),
    );
  }

  #follow(delayMs: number): void {
    if (this.#timers.has("follow")) return;
    this.#timers.start(
      "follow",
      delayMs,
      () => void this.#mutex.runExclusive(() => this.#use(() => this.#takeChanges())).catch(this.#parts.failed),
    );
  }

  /** Puts lines that have changed into the index. */
  async #takeChanges(): Promise<void> {
    const { changed } = this.#parts;
    while (changed.isWaiting && !this.#closed) {
      if (changed.areTooMany) return await this.#begin();
      const { lines, notes } = changed.next();
      const records = await this.#linesOf(lines);
      this.#index.atOnce(() => {
        lines.forEach(({ chatId, order }, at) => {
          const line = records[at] && indexedLine(chatId, records[at]);
          if (line) this.#index.put(line);
          else this.#index.remove(chatId, order);
        });
      });
      await changed.done(notes);
    }
  }

  #build(delayMs: number): void {
    this.#timers.start("build", delayMs, () => {
      void this.#mutex.runExclusive(() => this.#use(() => this.#slice()))
        .then((isMore) => isMore && this.#build(slicePauseMs)).catch(this.#parts.failed);
    });
  }

  /** Puts some lines of the first chat that is not in the index as a whole into it. @returns whether there are more */
  async #slice(): Promise<boolean> {
    const unbuilt = this.#index.unbuilt();
    const [chat] = unbuilt;
    this.#total = Math.max(this.#total, unbuilt.length);
    if (this.#total > 0) this.#parts.progress(this.#total - unbuilt.length, this.#total);
    if (!chat || this.#closed) return false;
    const { chatId, before } = chat;
    const page = await this.#parts.store.range<LineRecord>("messages", keys.line(chatId, ""), {
      reverse: true,
      limit: linesInSlice,
      ...(before !== undefined && { before: keys.line(chatId, before) }),
    });
    this.#index.atOnce(() => {
      for (const { value } of page) {
        const line = indexedLine(chatId, value);
        if (line) this.#index.put(line);
      }
      this.#index.noteBuilt(chatId, page.length < linesInSlice ? undefined : page.at(-1)!.value.order);
    });
    return true;
  }

  /** Begins a new index: the chats are put into it slice by slice. */
  async #begin(): Promise<void> {
    const { changed, databases, store } = this.#parts;
    await this.#closeDatabase();
    await databases.clear();
    await changed.forget();
    this.#total = 0;
    await this.#openDatabase(await newIndexRecord(store, databases.isLasting));
    this.#build(slicePauseMs);
  }

  async #openDatabase({ name, key }: { name: string; key: Uint8Array<ArrayBuffer> }): Promise<void> {
    this.#db = await opened(this.#parts.databases, name, key);
    this.#index = new SearchIndex(this.#db, this.#parts.chatIds);
  }

  async #closeDatabase(): Promise<void> {
    const db = this.#db;
    this.#db = undefined;
    try {
      await db?.close();
    } catch {
      // What is damaged may not close; it is deleted or left.
    }
  }

  /** Uses the index. One that does not open, or is damaged, is built again, and then the work is done once more. */
  async #use<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SearchDatabaseError)) throw error;
      if (error.isBusy || this.#closed || this.#rebuilds++ >= maxRebuilds) throw unusable(error);
      return await this.#again(work);
    }
  }

  async #again<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#begin();
      return await work();
    } catch (error) {
      throw error instanceof SearchDatabaseError ? unusable(error) : error;
    }
  }
}

function limitOf({ limit = defaultHits }: SearchOptions): number {
  return Math.max(1, Math.min(Math.floor(limit) || defaultHits, maxHits));
}

function unusable({ message }: SearchDatabaseError): EngineError {
  return new EngineError({ code: LocalCode.searchIndex, detail: `the search index can not be used: ${message}` });
}
