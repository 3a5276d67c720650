/**
 * The life of the search in a profile. Its code and its database are loaded with the first search, or when nothing was
 * asked of a new engine for a minute and the profile has an index, which then catches up.
 */

import type { SearchOptions, SearchResult } from "../api/search.ts";
import type { EngineEvent } from "../api/engine_api.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { Timers } from "../runtime/timers.ts";
import { ChangedLines } from "../search/changed_lines.ts";
import { readIndexRecord } from "../search/index_record.ts";
import type { Search } from "../search/search.ts";
import type { SearchDatabases } from "../search/search_database.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import type { SignedInEngine } from "./signed_in_engine.ts";

/** How long after its start an engine opens the index that the profile has, in ms. */
const openAfterMs = 60_000;

interface Options {
  store: SealedStore;
  environment: Environment;
  /** Loads what opens databases on this host; undefined where it has no search. */
  databases: (() => Promise<SearchDatabases>) | undefined;
  /** The profile's index is on this host, and out of this engine's reach. */
  isElsewhere: boolean;
  tell: (event: EngineEvent) => void;
  failed: (error: unknown) => void;
}

/** What is searched. */
type Searched = Pick<SignedInEngine, "conversations" | "summaries" | "people">;

/** Opens the search when it is needed, and ends it with the signed-in engine. */
export class Searching {
  readonly #options: Options;
  readonly #changed: ChangedLines;
  #timers: Timers;
  #signedIn: Searched | undefined;
  #search: Promise<Search> | undefined;
  #ending: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
    this.#timers = new Timers(options.environment);
    this.#changed = new ChangedLines(options.store);
    this.#changed.onCleared = () => void this.#forget().catch(options.failed);
  }

  /** An account is signed in. An index that the profile has misses nothing from now on. @throws StorageError */
  async begin(signedIn: Searched): Promise<void> {
    this.#signedIn = signedIn;
    const { databases, isElsewhere, store } = this.#options;
    if ((!databases && !isElsewhere) || !await readIndexRecord(store)) return;
    this.#changed.start(true);
    if (!databases) return;
    this.#timers = new Timers(this.#options.environment);
    this.#timers.start("open", openAfterMs, () => void this.#opened().catch(this.#options.failed));
  }

  /** The signed-in engine ends. The index stays; nothing opens it without its key. */
  async end(): Promise<void> {
    this.#timers.close();
    const search = this.#search;
    this.#search = undefined;
    this.#signedIn = undefined;
    if (search) this.#ending = search.then((open) => open.close()).catch(() => {});
    await this.#ending;
  }

  /** See `EngineApi.search`. @throws EngineError L001, L040 */
  async find(query: string, options?: SearchOptions): Promise<SearchResult> {
    return await (await this.#opened()).find(query, options);
  }

  /** Resolves when every message is in the index. @throws EngineError L001, L040 */
  async complete(): Promise<void> {
    await (await this.#opened()).complete();
  }

  #opened(): Promise<Search> {
    return this.#search ??= this.#open().catch((error) => {
      // The next search tries again.
      this.#search = undefined;
      throw error;
    });
  }

  async #open(): Promise<Search> {
    const { store, environment, databases, tell, failed } = this.#options;
    const signedIn = this.#signedIn;
    if (!databases || !signedIn) {
      throw new EngineError({ code: LocalCode.searchIndex, detail: "this engine has no search" });
    }
    await this.#ending;
    const [{ Search }, opened] = await Promise.all([import("../search/search.ts"), databases()]).catch((error) => {
      const detail = `what searches could not be loaded: ${(error as Error)?.message}`;
      throw new EngineError({ code: LocalCode.offline, detail });
    });
    return await Search.open({
      store,
      databases: opened,
      changed: this.#changed,
      environment,
      chatIds: () =>
        signedIn.conversations.all().sort((a, b) => b.record.activityMs - a.record.activityMs).map(({ id }) => id),
      shown: () => new Set(signedIn.summaries().filter(({ invitation }) => !invitation).map(({ chatId }) => chatId)),
      isBlocked: (accountKey) => signedIn.people.isBlocked(accountKey),
      progress: (done, total) => tell({ kind: "indexing", done, total }),
      failed,
    });
  }

  /** The profile, which had an index, was emptied, and the key with it: the file goes, too. */
  async #forget(): Promise<void> {
    const ended = this.end();
    // A search of the next account waits for this.
    this.#ending = ended.then(async () => await (await this.#options.databases?.())?.clear());
    await this.#ending.finally(() => this.#ending = Promise.resolve());
  }
}
