/**
 * The engine: one profile on this device, its account, its conversations, its connection. Everything outside
 * is handed in.
 */

import { fromHex, toHex } from "../../schema/bytes.ts";
import { AccountManager } from "../account/account.ts";
import { engineError } from "../account/errors.ts";
import { safetyNumber } from "../account/directory/safety_number.ts";
import type { OpaqueSuite } from "../account/sign_in/opaque_client.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { FencedError, type Storage } from "../storage/storage.ts";
import type { PageSentinel } from "../storage/sentinel.ts";
import { pause } from "../runtime/clock.ts";
import { type Environment, systemEnvironment } from "../runtime/environment.ts";
import { ConnectionManager, type SessionEnd } from "../connection/connection_manager.ts";
import { detectWake } from "../runtime/wake_detector.ts";
import { SignedInEngine } from "./signed_in_engine.ts";
import type { Transport } from "../connection/transport.ts";
import type {
  AccountState,
  ChatSummary,
  ConnectionState,
  DeviceInfo,
  EngineApi,
  EngineEvent,
  EngineListener,
  SafetyNumber,
  TimelinePage,
} from "../api/engine_api.ts";
import { EngineError, type EngineProblem, LocalCode } from "../api/errors.ts";
import { withProgress } from "./progress.ts";

const settledLookMs = 25;

export interface EngineOptions {
  /** Holds nothing, or what an earlier engine of this profile left. The engine closes it. */
  storage: Storage;
  /** Non-extractable, see `importWrappingKey`. */
  wrappingKey: CryptoKey;
  transport: Transport;
  /** Told of everything that happens, in order. Must not throw. */
  listener: EngineListener;
  /** The page's side of the eviction sentinel; the CLI has none. */
  page?: PageSentinel;
  environment?: Environment;
  /** Tests only: a cheaper memory-hard function. */
  suite?: OpaqueSuite;
}

/**
 * The whole client behind one interface: account, groups, messages, and the connection that carries them. One
 * lives in a profile at a time.
 */
export class Engine implements EngineApi {
  readonly #store: SealedStore;
  readonly #environment: Environment;
  readonly #listener: EngineListener;
  readonly #connection: ConnectionManager;
  readonly #stopSleepWatch: () => void;
  readonly #accounts: AccountManager;
  #signedIn: SignedInEngine | undefined;
  /** Told once what waited on the server is through. */
  readonly #catchingUp = new Set<() => void>();
  #caughtUp = false;
  #closed = false;

  private constructor(
    { storage, wrappingKey, transport, listener, page, environment = systemEnvironment, suite }: EngineOptions,
  ) {
    this.#store = new SealedStore(storage, wrappingKey);
    this.#environment = environment;
    this.#listener = listener;
    this.#connection = new ConnectionManager({
      transport,
      environment,
      onState: (connection) => this.#tell({ kind: "connection", connection }),
    });
    this.#stopSleepWatch = detectWake(environment, () => this.#connection.wake());
    this.#accounts = new AccountManager({
      store: this.#store,
      openStream: this.#connection.openStream,
      onState: (account) => this.#accountChanged(account),
      onProgress: (progress) => this.#tell({ kind: "progress", progress }),
      onProblem: (problem) => this.#problem(problem),
      deviceNow: () => environment.now(),
      wantedKeyPackages: environment.wantedKeyPackages,
      ...(page && { page }),
      ...(suite && { suite }),
    });
  }

  /**
   * Takes the profile over (an engine that had it before can write no more) and resumes it from storage
   * alone: history is there without a network.
   *
   * @throws EngineError L005
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    try {
      await engine.#guarded(async () => {
        await engine.#store.takeFence();
        await engine.#accounts.resume();
        await engine.#begin();
      });
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Ends the connection and lets the storage go. What waits stays on disk for the next engine. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopSleepWatch();
    this.#signedIn?.close();
    await this.#connection.close();
    await this.#store.close().catch(() => {});
  }

  createAccount(username: string, password: string, inviteCode?: string): Promise<{ recoveryCode: string }> {
    return this.#guarded(async () => {
      const result = await this.#accounts.createAccount(username, password, inviteCode);
      await this.#begin();
      return result;
    });
  }

  signIn(username: string, password: string): Promise<void> {
    return this.#guarded(async () => {
      await this.#accounts.signIn(username, password);
      await this.#begin();
    });
  }

  signOut(): Promise<void> {
    return this.#guarded(async () => {
      this.#signedIn?.close();
      this.#signedIn = undefined;
      // First the subscription, so that the end of the session does not look like an eviction to it.
      await this.#connection.stop();
      await this.#accounts.signOut();
      await this.#connection.stop();
      this.#tell({ kind: "chats", chats: [] });
    });
  }

  account(): Promise<AccountState> {
    return Promise.resolve(this.#accounts.state);
  }

  connection(): Promise<ConnectionState> {
    return Promise.resolve(this.#connection.state);
  }

  chats(): Promise<ChatSummary[]> {
    return Promise.resolve(this.#signedIn?.chats.summaries() ?? []);
  }

  findPeople(text: string): Promise<string[]> {
    return this.#guarded(async () => {
      this.#requireSignedIn();
      return await this.#accounts.context!.directory.search(text.trim().toLowerCase());
    });
  }

  startChat(usernames: string[], groupName?: string): Promise<string> {
    return this.#guarded(async () => {
      const signedIn = this.#online();
      return await this.#slowly("creating-chat", (advance) => signedIn.people.startChat(usernames, groupName, advance));
    });
  }

  addPeople(chatId: string, usernames: string[]): Promise<void> {
    return this.#guarded(async () => {
      const signedIn = this.#online();
      await this.#slowly("adding-people", (advance) => signedIn.people.addPeople(chatId, usernames, advance));
    });
  }

  removePerson(chatId: string, username: string): Promise<void> {
    return this.#guarded(() => this.#online().people.removePerson(chatId, username));
  }

  renameChat(chatId: string, name: string): Promise<void> {
    return this.#guarded(() => this.#online().people.rename(chatId, name));
  }

  setRole(chatId: string, username: string, role: "admin" | "member"): Promise<void> {
    return this.#guarded(() => this.#online().people.setRole(chatId, username, role));
  }

  typing(chatId: string): Promise<void> {
    return this.#guarded(() => this.#requireSignedIn().typing(chatId));
  }

  leaveChat(chatId: string): Promise<void> {
    return this.#guarded(() => this.#online().people.leave(chatId));
  }

  acceptInvitation(chatId: string): Promise<void> {
    return this.#guarded(() => this.#requireSignedIn().people.accept(chatId));
  }

  send(chatId: string, messageId: string, text: string): Promise<void> {
    return this.#guarded(() => this.#requireSignedIn().messages.send(chatId, messageId, text));
  }

  timeline(chatId: string, before?: string, limit?: number): Promise<TimelinePage> {
    return this.#guarded(() => this.#requireSignedIn().messages.page(chatId, before, limit));
  }

  markRead(chatId: string): Promise<void> {
    return this.#guarded(() => this.#requireSignedIn().messages.markRead(chatId));
  }

  /**
   * Resolves once a connection stood and everything that waited on the server then is processed and on disk;
   * for callers that do one thing and end, like the CLI.
   *
   * @param signal gives the wait up: rejects with its reason
   */
  async synced(signal: AbortSignal): Promise<void> {
    if (this.#caughtUp) return;
    await new Promise<void>((resolve, reject) => {
      const finish = () => {
        this.#catchingUp.delete(finish);
        signal.removeEventListener("abort", finish);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#catchingUp.add(finish);
      signal.addEventListener("abort", finish);
      if (signal.aborted) finish();
    });
  }

  /**
   * Resolves when nothing of this device's waits for the server any more and no work is due that its groups
   * need, such as committing that somebody left.
   *
   * @param signal gives the wait up: rejects with its reason
   */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#signedIn && !this.#signedIn.isSettled) {
      await pause(this.#environment, settledLookMs, signal);
      signal.throwIfAborted();
    }
  }

  /**
   * @param accountKey 32 bytes as hex
   * @returns the username that the directory knows it under, or undefined
   * @throws EngineError L001 offline
   */
  usernameOf(accountKey: string): Promise<string | undefined> {
    return this.#guarded(async () => {
      this.#requireSignedIn();
      const { directory } = this.#accounts.context!;
      const key = fromHex(accountKey);
      return (await directory.byKey(key) ??
        (await directory.refresh([key])).find((account) => toHex(account.accountKey) === accountKey))?.username;
    });
  }

  devices(): Promise<DeviceInfo[]> {
    return this.#guarded(() => this.#accounts.devices());
  }

  revokeDevice(deviceId: string, password: string): Promise<void> {
    return this.#guarded(async () => {
      const own = this.#accounts.context;
      await this.#accounts.revokeDevice(deviceId, password);
      if (own && toHex(own.deviceId) === deviceId) return await this.signOut();
      // What the other members will do anyway, at once where this device can.
      await this.#signedIn?.checkDevices();
    });
  }

  changePassword(oldPassword: string, newPassword: string): Promise<void> {
    return this.#guarded(() => this.#accounts.changePassword(oldPassword, newPassword));
  }

  newRecoveryCode(password: string): Promise<{ recoveryCode: string }> {
    return this.#guarded(() => this.#accounts.newRecoveryCode(password));
  }

  recover(username: string, recoveryCode: string, newPassword: string): Promise<{ recoveryCode: string }> {
    return this.#guarded(async () => {
      const result = await this.#accounts.recover(username, recoveryCode, newPassword);
      await this.#begin();
      return result;
    });
  }

  safetyNumber(username: string): Promise<SafetyNumber> {
    return this.#guarded(async () => {
      this.#requireSignedIn();
      const { username: ownName, accountKey, directory } = this.#accounts.context!;
      const { account, changedKey } = await directory.lookUpForVerification(username);
      const theirs = { accountKey: changedKey ?? account.accountKey, username };
      return {
        username,
        accountKey: toHex(theirs.accountKey),
        ...await safetyNumber({ accountKey, username: ownName }, theirs),
        verified: account.verified && !changedKey,
        changed: changedKey !== undefined,
      };
    });
  }

  setVerified(username: string, accountKey: string, verified: boolean): Promise<void> {
    return this.#guarded(async () => {
      this.#requireSignedIn();
      const { directory } = this.#accounts.context!;
      const { account, changedKey } = await directory.lookUpForVerification(username);
      // Numbers of a key that was not taken yet confirm nothing.
      if (changedKey) {
        throw new EngineError({
          code: LocalCode.keyChanged,
          detail: `${username} answers with another account key than the pinned one`,
        });
      }
      if (toHex(account.accountKey) !== accountKey) {
        throw new EngineError({
          code: LocalCode.otherKey,
          detail: `the account key of ${username} is not the one whose number was shown`,
        });
      }
      await directory.setVerified(account.accountKey, verified);
    });
  }

  acceptChangedKey(username: string, accountKey: string): Promise<void> {
    return this.#guarded(async () => {
      const signedIn = this.#online();
      await this.#accounts.context!.directory.acceptChangedKey(username, fromHex(accountKey));
      await signedIn.keyAccepted();
    });
  }

  wake(): Promise<void> {
    this.#connection.wake();
    return Promise.resolve();
  }

  /** Starts what a signed-in account needs. */
  async #begin(): Promise<void> {
    const account = this.#accounts.context;
    if (!account || this.#signedIn) return;
    const signedIn = await SignedInEngine.open({
      account,
      store: this.#store,
      environment: this.#environment,
      listener: {
        timeline: (chatId, items) => this.#tell({ kind: "timeline", chatId, items }),
        reread: (chatId) => this.#tell({ kind: "reread", chatId }),
        chats: (chats) => this.#tell({ kind: "chats", chats }),
        problem: (problem) => this.#problem(problem),
        progress: (progress) => this.#tell({ kind: "progress", progress }),
        caughtUp: () => {
          this.#caughtUp = true;
          for (const tell of this.#catchingUp) tell();
        },
        typing: (chatId, username) => this.#tell({ kind: "typing", chatId, username }),
      },
    });
    this.#signedIn = signedIn;
    this.#tell({ kind: "chats", chats: signedIn.chats.summaries() });
    this.#connection.start((signal, progressed) => this.#turn(signedIn, signal, progressed));
  }

  async #turn(signedIn: SignedInEngine, signal: AbortSignal, progressed: () => void): Promise<SessionEnd> {
    const end = await signedIn.listen(signal, () => {
      progressed();
      this.#connection.confirm();
      void this.#accounts.syncClock().catch(() => {});
    });
    // E003 also answers single calls; whether the session is over is for the account to say.
    return end === "ended" && this.#accounts.state.kind === "signed-in" ? "lost" : end;
  }

  #accountChanged(account: AccountState): void {
    if (account.kind === "ended" && this.#signedIn) {
      this.#signedIn.close();
      this.#signedIn = undefined;
      void this.#connection.stop();
    }
    this.#tell({ kind: "account", account });
  }

  #requireSignedIn(): SignedInEngine {
    if (!this.#signedIn) throw new EngineError({ code: LocalCode.notSignedIn, detail: "nobody is signed in" });
    return this.#signedIn;
  }

  #online(): SignedInEngine {
    const signedIn = this.#requireSignedIn();
    if (!this.#connection.connected) {
      throw new EngineError({ code: LocalCode.offline, detail: "no connection to the server" });
    }
    return signedIn;
  }

  #slowly<T>(
    task: "creating-chat" | "adding-people",
    work: (advance: (done: number, total: number) => void) => Promise<T>,
  ): Promise<T> {
    return withProgress(this.#environment, task, (progress) => this.#tell({ kind: "progress", progress }), work);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FencedError) {
        await this.close();
        throw new EngineError({ code: LocalCode.noWebLocks, detail: "another engine has taken over this profile" });
      }
      throw engineError(error);
    }
  }

  #problem(problem: EngineProblem): void {
    this.#tell({ kind: "problem", problem });
  }

  #tell(event: EngineEvent): void {
    if (!this.#closed) this.#listener(event);
  }
}
