/** One opened profile of this device: its storage, its account, its connection, and the signed-in engine on them. */

import { AccountManager } from "../account/account.ts";
import { engineError } from "../account/errors.ts";
import type { OpaqueSuite } from "../account/sign_in/opaque.ts";
import type { AccountContext } from "../account/types.ts";
import type { AccountState, EngineEvent, EngineListener, ExportPart, Progress } from "../api/engine_api.ts";
import { byListOrder } from "../api/chat_list.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import { ConnectionManager, type SessionEnd } from "../connection/connection_manager.ts";
import type { Transport } from "../connection/transport.ts";
import { MemorySpool } from "../attachments/memory_spool.ts";
import type { Spool } from "../attachments/spool.ts";
import { SpoolFiles } from "../attachments/spool_files.ts";
import { type Environment, systemEnvironment } from "../runtime/environment.ts";
import { detectWake } from "../runtime/wake_detector.ts";
import type { SearchDatabases } from "../search/search_database.ts";
import { LastListKeeper } from "../storage/last_list.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { PageSentinel } from "../storage/sentinel.ts";
import { FencedError, type Storage } from "../storage/storage.ts";
import { Backlog } from "./backlog.ts";
import { leaveAll } from "./leaving_all.ts";
import { withProgress } from "./progress.ts";
import { Searching } from "./searching.ts";
import { SignedInEngine } from "./signed_in_engine.ts";

export interface EngineOptions {
  /** Empty, or with the state of this profile. The engine closes the storage. */
  storage: Storage;
  /** Non-extractable, see `importWrappingKey`. */
  wrappingKey: CryptoKey;
  transport: Transport;
  /** Receives all events in order. Must not throw. */
  listener: EngineListener;
  /** The page's side of the eviction sentinel; the CLI has none. */
  page?: PageSentinel;
  /** Loads what keeps the index of the search on this host. Without it there is no search (L040). */
  searchDatabases?: () => Promise<SearchDatabases>;
  /** Where ciphertext of attachments lies; default: memory, for small files alone. */
  spool?: Spool;
  environment?: Environment;
  /** Tells others what this device has received and read, as far as the user wants it. Absent: nothing. */
  sendsReceipts?: boolean;
  /** Keeps what the list of chats shows, for the next start of a page. */
  keepsList?: boolean;
  /**
   * It runs for a moment, without the files and the index that the profile has elsewhere on this host: files wait for
   * the next engine, and what changes is noted for the index.
   */
  isWoken?: boolean;
  /** Tests only: a cheaper memory-hard function. */
  suite?: OpaqueSuite;
}

const takenOver = { code: LocalCode.takenOver, detail: "another engine has taken over this profile" };

/** The life of a profile, from its takeover to its end. */
export class Profile {
  readonly environment: Environment;
  readonly connection: ConnectionManager;
  readonly accounts: AccountManager;
  readonly backlog = new Backlog();
  readonly searching: Searching;
  readonly #store: SealedStore;
  readonly #files: SpoolFiles;
  readonly #listener: EngineListener;
  readonly #stopWakeDetector: () => void;
  readonly #sendsReceipts: boolean;
  readonly #isWoken: boolean;
  readonly #lastList: LastListKeeper | undefined;
  #signedIn: SignedInEngine | undefined;
  /** The connection of a session that has ended is being closed. */
  #ending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: EngineOptions) {
    const { storage, wrappingKey, transport, listener, page, environment = systemEnvironment, suite } = options;
    this.#sendsReceipts = options.sendsReceipts === true;
    this.#isWoken = options.isWoken === true;
    this.#store = new SealedStore(storage, wrappingKey);
    this.#files = new SpoolFiles(options.spool ?? new MemorySpool());
    this.environment = environment;
    this.#listener = listener;
    this.#lastList = options.keepsList ? this.#keepList() : undefined;
    this.connection = new ConnectionManager({
      transport,
      environment,
      onState: (connection) => this.tell({ kind: "connection", connection }),
    });
    this.searching = new Searching({
      store: this.#store,
      environment,
      databases: options.searchDatabases,
      isElsewhere: this.#isWoken,
      tell: (event) => this.tell(event),
      failed: (error) => this.tell({ kind: "problem", problem: engineError(error).problem }),
    });
    this.#stopWakeDetector = detectWake(environment, () => this.connection.wake());
    this.accounts = new AccountManager({
      store: this.#store,
      openStream: this.connection.openStream,
      onState: (account) => this.#accountChanged(account),
      onProgress: (progress) => this.tell({ kind: "progress", progress }),
      onProblem: (problem) => this.tell({ kind: "problem", problem }),
      deviceNow: () => environment.now(),
      wantedKeyPackages: environment.wantedKeyPackages,
      ...(page && { page }),
      ...(suite && { suite }),
    });
  }

  /**
   * Takes the profile over (an engine that had it before can write no more) and resumes it from storage
   * alone.
   *
   * @throws EngineError L005
   */
  async open(): Promise<void> {
    try {
      await this.guarded(async () => {
        await this.#store.takeFence();
        await this.accounts.resume();
        // What an account has left: its keys are gone.
        if (!this.accounts.context) await this.#files.clear().catch(() => {});
        await this.begin();
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Ends the connection and closes the storage. Unsent messages stay on disk. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWakeDetector();
    this.#lastList?.close();
    // The next engine may be long in coming, and the server keeps what it was not told of.
    if (this.#isWoken) await this.#signedIn?.inbox.acknowledge();
    this.#signedIn?.close();
    await this.connection.close();
    await this.searching.end();
    await this.#store.close().catch(() => {});
  }

  /** The signed-in engine, while there is one. */
  get signedIn(): SignedInEngine | undefined {
    return this.#signedIn;
  }

  /** Ends the signed-in engine and its connection, then the session, and deletes all state of the profile. */
  async signOut(): Promise<void> {
    this.#signedIn?.close();
    this.#signedIn = undefined;
    // The subscription ends first. Otherwise it would take the end of the session for an eviction.
    await Promise.all([this.connection.stop(), this.searching.end()]);
    await this.accounts.signOut();
    await this.connection.stop();
    await this.#files.clear().catch(() => {});
    this.tell({ kind: "chats", chats: [] });
  }

  /**
   * Leaves the chats, deletes the account on the server, and then all state of the profile.
   *
   * @throws EngineError: the account is still there, as far as the server says
   */
  async deleteAccount(password: string): Promise<void> {
    const signedIn = this.online();
    const tell = (progress: Progress | undefined) => this.tell({ kind: "progress", progress });
    try {
      await this.accounts.deleteAccount(password, async () => {
        await withProgress(
          this.environment,
          "leaving-chats",
          tell,
          (advance) => leaveAll(signedIn, this.environment, advance),
        );
        // As in signOut: the subscription would take the end of the session for an eviction.
        signedIn.close();
        this.#signedIn = undefined;
        await this.connection.stop();
      });
    } finally {
      await this.begin();
    }
    await this.connection.stop();
    await this.#files.clear().catch(() => {});
    this.tell({ kind: "chats", chats: [] });
  }

  /** See `EngineApi.exportPart`. Its code is a part of its own: few need it. */
  async exportPart(from: string | undefined): Promise<ExportPart> {
    const { exportPart } = await import("./data_export.ts").catch((error) => {
      const detail = `what exports could not be loaded: ${(error as Error)?.message}`;
      throw new EngineError({ code: LocalCode.offline, detail });
    });
    return await exportPart(this.#store, this.environment.now(), from);
  }

  /** Resolves when nothing of a session that has ended is left, so that another can begin. */
  async free(): Promise<void> {
    await this.#ending;
  }

  /** Starts the signed-in engine, if an account is signed in and has none yet. */
  async begin(): Promise<void> {
    const account = this.accounts.context;
    if (!account || this.#signedIn) return;
    const signedIn = await SignedInEngine.open({
      account,
      store: this.#store,
      files: this.#files,
      environment: this.environment,
      askTime: () => this.accounts.syncClock(),
      sendsReceipts: this.#sendsReceipts,
      sendsFiles: !this.#isWoken,
      listener: {
        timeline: (chatId, items) => this.tell({ kind: "timeline", chatId, items }),
        reread: (chatId) => this.tell({ kind: "reread", chatId }),
        erased: (chatId, orders) => this.tell({ kind: "erased", chatId, orders }),
        chats: (chats) => this.tell({ kind: "chats", chats }),
        awaited: (chats) => this.tell({ kind: "awaited", chats }),
        people: () => this.tell({ kind: "people" }),
        problem: (problem) => this.tell({ kind: "problem", problem }),
        progress: (progress) => this.tell({ kind: "progress", progress }),
        caughtUp: () => this.backlog.done(),
        typing: (chatId, username) => this.tell({ kind: "typing", chatId, username }),
        marks: (chatId, marks) => this.tell({ kind: "marks", chatId, marks }),
        transfer: (transfer) => this.tell({ kind: "transfer", transfer }),
      },
    });
    this.#signedIn = signedIn;
    await this.searching.begin(signedIn);
    this.tell({ kind: "chats", chats: signedIn.summaries() });
    this.#lastList?.begin();
    this.connection.start((signal, progressed) => this.#listen(signedIn, signal, progressed));
  }

  #keepList(): LastListKeeper {
    return new LastListKeeper({
      store: this.#store,
      clock: this.environment,
      list: () => {
        const { state } = this.accounts;
        if (!this.#signedIn || state.kind !== "signed-in") return undefined;
        return { account: state, chats: this.#signedIn.summaries().toSorted(byListOrder) };
      },
    });
  }

  async #listen(signedIn: SignedInEngine, signal: AbortSignal, progressed: () => void): Promise<SessionEnd> {
    const end = await signedIn.listen(signal, () => {
      progressed();
      this.connection.confirm();
      void this.accounts.syncClock().then(() => signedIn.writing.disappearing.look()).catch(() => {});
    });
    // E003 also answers single calls. The account decides whether the session is over.
    if (end === "ended") return this.accounts.state.kind === "signed-in" ? "lost" : end;
    if (signal.aborted || !await this.#isStillOurs()) return "ended";
    // The other engine has a copy, and this one's ratchets too: it is told before it sends.
    if (end === "elsewhere") await signedIn.contest().catch(() => {});
    return end;
  }

  /** Looks whether another engine has opened this profile; then this one ends at once. */
  async #isStillOurs(): Promise<boolean> {
    try {
      await this.#store.requireFence();
    } catch (error) {
      if (!(error instanceof FencedError)) return true;
      this.#takenOver();
      return false;
    }
    return true;
  }

  /** Another engine has this profile: says so, and ends. */
  #takenOver(): void {
    if (this.#closed) return;
    this.tell({ kind: "connection", connection: { kind: "elsewhere" } });
    this.tell({ kind: "problem", problem: takenOver });
    void this.close();
  }

  #accountChanged(account: AccountState): void {
    if (account.kind === "ended" && this.#signedIn) {
      this.#signedIn.close();
      this.#signedIn = undefined;
      this.#ending = Promise.all([this.connection.stop(), this.searching.end()]).then(() => {});
    }
    this.tell({ kind: "account", account });
  }

  /** @throws EngineError L002 */
  requireSignedIn(): SignedInEngine {
    if (!this.#signedIn) throw new EngineError({ code: LocalCode.notSignedIn, detail: "nobody is signed in" });
    return this.#signedIn;
  }

  /** @throws EngineError L002 */
  context(): AccountContext {
    this.requireSignedIn();
    return this.accounts.context!;
  }

  /** @throws EngineError L002, L001 without a connection */
  online(): SignedInEngine {
    const signedIn = this.requireSignedIn();
    if (!this.connection.connected) {
      throw new EngineError({ code: LocalCode.offline, detail: "no connection to the server" });
    }
    return signedIn;
  }

  /** Runs work of the API: a profile that another engine took over is closed, and all errors become EngineErrors. */
  async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FencedError) {
        this.#takenOver();
        throw new EngineError(takenOver);
      }
      throw engineError(error);
    }
  }

  /** Passes an event to the listener. */
  tell(event: EngineEvent): void {
    if (!this.#closed) this.#listener(event);
  }
}
