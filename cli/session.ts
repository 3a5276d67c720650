/** The engine of one command, and helpers for commands. */

import type {
  ChatSummary,
  EngineEvent,
  MessageRef,
  NewPoll,
  OutgoingFile,
  Transfer,
} from "../client/api/engine_api.ts";
import { LocalCode } from "../client/api/errors.ts";
import { Engine } from "../client/engine/engine.ts";
import { TransportError } from "../schema/rpc/errors.ts";
import type { Spool } from "../client/attachments/spool.ts";
import type { Transport } from "../client/connection/transport.ts";
import { type Env, type Invocation } from "./arguments.ts";
import { Failure, failureOfProblem } from "./failure.ts";
import { endedFailure, failureOfEvent, untrustedFailure } from "./session_failures.ts";
import { type Output, warn } from "./output.ts";
import { passphraseFrom } from "./secrets.ts";
import { sendAndWait, type SendOptions } from "./sending.ts";
import { FileSpool, spoolFolder } from "./storage/file_spool.ts";
import { makeFolder } from "./storage/state_file.ts";
import { openState } from "./storage/open_state.ts";
import type { SqliteStorage } from "./storage/sqlite_storage.ts";
import { busySilenceMs, QuicTransport, silenceMs } from "./transport/quic.ts";
import { commands, exitCodes } from "./usage.ts";

export interface SessionParts {
  storage: SqliteStorage;
  /** Where ciphertext of attachments lies; default: memory. */
  spool?: Spool;
  transport: Transport;
  timeoutMs: number;
  /** Aborted when something answers that is not the core, with the failure that says so. */
  untrusted?: AbortSignal;
  /** Receives problems that fail no call, and progress. */
  output: Pick<Output, "note" | "progress">;
}

/** For commands that need no server. */
const noTransport: Transport = { connect: () => Promise.reject(new TransportError("no server is asked")) };

/** How long `leave` waits for another member to commit it, in ms. */
const leavePatienceMs = 5_000;

/**
 * In ms. Longer than any delay before group maintenance (client/sync/membership/group_maintenance.ts), and than two
 * rounds of asking for help (client/sync/recovery/recovery_rounds.ts).
 */
const settlePatienceMs = 12_000;

/** How often `recv` looks whether this device was helped, in ms. */
const recoveryLookMs = 100;

/**
 * How long the end of a connection may take to leave the process, in ms: Deno sends it on another thread, and says not
 * when. A server that never hears of it takes this run for one that lives, and the next command holds its messages
 * back for 1.5 s (docs/decisions/035).
 */
const lastPacketMs = 20;

/** The engine of one command. It finds groups and people, and waits for the server. */
export class Session {
  readonly engine: Engine;
  readonly storage: SqliteStorage;
  readonly #timeoutMs: number;
  readonly #watchers: Set<(event: EngineEvent) => void>;
  readonly #untrusted: AbortSignal;

  private constructor(
    engine: Engine,
    storage: SqliteStorage,
    timeoutMs: number,
    watchers: Set<(event: EngineEvent) => void>,
    untrusted: AbortSignal,
  ) {
    this.engine = engine;
    this.storage = storage;
    this.#timeoutMs = timeoutMs;
    this.#watchers = watchers;
    this.#untrusted = untrusted;
  }

  /** @throws EngineError, StorageError */
  static async open({ storage, spool, transport, timeoutMs, untrusted, output }: SessionParts): Promise<Session> {
    const watchers = new Set([tellerOf(output)]);
    const engine = await Engine.open({
      storage,
      wrappingKey: await storage.wrappingKey(),
      transport,
      searchDatabases: async () => (await import("./storage/search_memory.ts")).searchInMemory,
      ...(spool && { spool }),
      listener: (event) => {
        for (const watch of [...watchers]) watch(event);
      },
    });
    return new Session(engine, storage, timeoutMs, watchers, untrusted ?? new AbortController().signal);
  }

  /** The same engine for one of several callers. @param timeoutMs how long this one waits for the network, in ms */
  within(timeoutMs: number): Session {
    return new Session(this.engine, this.storage, timeoutMs, this.#watchers, this.#untrusted);
  }

  /** The session of a command line: its state, its server. @throws StateError, Failure */
  static async of(invocation: Invocation, env: Env, output: Output): Promise<Session> {
    const untrusted = new AbortController();
    const { local, options = {} } = commands[invocation.command];
    const hardens = "password-file" in options || "new-password-file" in options;
    const patienceMs = hardens ? busySilenceMs : silenceMs;
    const transport = local
      ? noTransport
      : new QuicTransport(invocation.target(), { patienceMs, onUntrusted: () => untrusted.abort(untrustedFailure()) });
    if (invocation.stateFolder !== undefined) makeFolder(invocation.stateFolder);
    const storage = await openState(invocation.statePath, passphraseFrom(invocation.passphraseFile, env), warn);
    const { timeoutMs } = invocation;
    const spool = new FileSpool(spoolFolder(invocation.statePath));
    return await Session.open({ storage, spool, transport, timeoutMs, untrusted: untrusted.signal, output });
  }

  /** @returns a promise that only rejects: when something answers that is not the core */
  orUntrusted(): Promise<never> {
    return new Promise((_, reject) => {
      const tell = () => reject(this.#untrusted.reason);
      if (this.#untrusted.aborted) tell();
      else this.#untrusted.addEventListener("abort", tell, { once: true });
    });
  }

  async close(): Promise<void> {
    await this.engine.close();
    await new Promise((resolve) => setTimeout(resolve, lastPacketMs));
  }

  /**
   * Waits until the backlog of the server is processed.
   *
   * @throws Failure without an account, without a connection in time, or when the account has ended
   */
  async synced(): Promise<void> {
    await this.requireSignedIn();
    const ended = new AbortController();
    const unwatch = this.watch((event) => {
      const over = failureOfEvent(event);
      if (over) ended.abort(over);
    });
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    try {
      await this.engine.synced(AbortSignal.any([timeout, ended.signal, this.#untrusted]));
    } catch (error) {
      this.#untrusted.throwIfAborted();
      throw timeout.aborted && !ended.signal.aborted
        ? failureOfProblem({ code: LocalCode.offline, detail: `no answer within ${this.#timeoutMs / 1000} s` })
        : error;
    } finally {
      unwatch();
    }
  }

  /**
   * Waits, while there is a connection, until the server has all of this device's messages, and group maintenance and
   * help for other devices are done.
   */
  async settled(): Promise<void> {
    if ((await this.engine.connection()).kind !== "connected") return;
    await this.engine.settled(this.#patience()).catch(() => {});
  }

  /**
   * Waits until this device can follow all of its groups, and other devices have the help that they asked for.
   *
   * @param waiting told once of the groups into which a member has to put this device back
   * @param until ends the wait
   * @returns the names of the groups that still wait, and whether help for other devices is still under way
   */
  async recovered(waiting: (names: string[]) => void, until: AbortSignal): Promise<{ names: string[]; busy: boolean }> {
    const patience = AbortSignal.any([this.#patience(), until]);
    let isTold = false;
    while (true) {
      const { outOfStep, busy } = await this.engine.recovery();
      const names = outOfStep.map(({ title }) => title);
      if (patience.aborted || (names.length === 0 && !busy)) return { names, busy };
      if (names.length > 0 && !isTold) waiting(names);
      isTold ||= names.length > 0;
      await new Promise((resolve) => setTimeout(resolve, recoveryLookMs));
    }
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(Math.min(settlePatienceMs, this.#timeoutMs));
  }

  /**
   * Waits a moment until another member's device commits this account's leave.
   *
   * @returns whether one did; the leave proposal is on the server in any case
   */
  async left(chatId: string): Promise<boolean> {
    const endMs = Date.now() + Math.min(leavePatienceMs, this.#timeoutMs);
    const isMember = async () => (await this.engine.chats()).some((chat) => chat.chatId === chatId && chat.active);
    while (await isMember() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 50));
    return !await isMember();
  }

  /** @throws Failure */
  async requireSignedIn(): Promise<{ username: string; accountKey: string; deviceId: string }> {
    const account = await this.engine.account();
    if (account.kind === "signed-in") return account;
    if (account.kind === "ended") throw endedFailure(account.code);
    throw failureOfProblem({ code: LocalCode.notSignedIn, detail: "nobody is signed in" });
  }

  /**
   * Before a sign-in: asks the server whether the session of this state goes on, since it may have ended without this
   * device knowing. Resolves when the state takes a sign-in.
   *
   * @throws Failure when somebody is signed in (L012), and when the server does not say whether
   */
  async requireSignedOut(): Promise<void> {
    const isSignedIn = async () => (await this.engine.account()).kind === "signed-in";
    if (!await isSignedIn()) return;
    await this.synced().catch(async (error) => {
      if (await isSignedIn()) throw error;
    });
    if (await isSignedIn()) {
      throw failureOfProblem({ code: LocalCode.alreadySignedIn, detail: "this state is signed in" });
    }
  }

  /** @returns a function that ends the watch */
  watch(watcher: (event: EngineEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Finds a chat by its name, or by the start of its id.
   *
   * @throws Failure for no match, and for several
   */
  async chat(name: string): Promise<ChatSummary> {
    const chats = await this.engine.chats();
    const named = chats.filter(({ title }) => title.normalize("NFC") === name.normalize("NFC"));
    const found = named.length > 0
      ? named
      : chats.filter(({ chatId }) => /^[0-9a-f]{4,64}$/.test(name) && chatId.startsWith(name));
    // A live group is preferred to an ended group of the same name.
    const live = found.filter(({ active }) => active);
    const wanted = live.length > 0 ? live : found;
    if (wanted.length === 1) return wanted[0];
    if (wanted.length === 0) {
      throw new Failure(exitCodes.failed, `there is no group ${name}`, "qpq groups", LocalCode.notInChat);
    }
    throw new Failure(
      exitCodes.failed,
      `${wanted.length} groups are called ${name}`,
      `name it by its id: ${wanted.map(({ chatId }) => chatId.slice(0, 8)).join(", ")}`,
      LocalCode.notInChat,
    );
  }

  /** @param identity a username, or a public key in hex @returns the username @throws Failure */
  async username(identity: string): Promise<string> {
    if (!/^[0-9a-fA-F]{64}$/.test(identity)) return identity;
    const username = await this.engine.usernameOf(identity.toLowerCase());
    if (username === undefined) {
      throw failureOfProblem({ code: LocalCode.noSuchUser, detail: `no account has the key ${identity}` });
    }
    return username;
  }

  /**
   * Sends a text, or files with a text, and waits until the server has it.
   *
   * @param options.files with them the text may be empty
   * @param options.replyTo the message that it answers
   * @param options.isOffline do not wait for the server
   * @param options.kept called when the message stays on the device for now
   * @throws Failure
   */
  async send(
    chatId: string,
    text: string,
    { files = [], replyTo, ...options }:
      & { files?: OutgoingFile[]; replyTo?: MessageRef }
      & Pick<SendOptions, "isOffline" | "kept"> = {},
  ): Promise<{ messageId: string; atMs: number }> {
    const work = (messageId: string) =>
      files.length > 0
        ? this.engine.sendFiles(chatId, messageId, files, text)
        : this.engine.send(chatId, messageId, text, replyTo && { replyTo });
    return await this.#sendAndWait({ chatId, work, ...options });
  }

  /** Sends a poll, as {@link send} sends a text. @throws Failure */
  async sendPoll(chatId: string, poll: NewPoll): Promise<{ messageId: string; atMs: number }> {
    return await this.#sendAndWait({ chatId, work: (messageId) => this.engine.sendPoll(chatId, messageId, poll) });
  }

  #sendAndWait(options: SendOptions): Promise<{ messageId: string; atMs: number }> {
    const parts = { watch: (watcher: (event: EngineEvent) => void) => this.watch(watcher), timeoutMs: this.#timeoutMs };
    return sendAndWait(parts, options);
  }
}

/** @returns a watcher that tells problems that fail no call, and progress */
export function tellerOf(output: Pick<Output, "note" | "progress">): (event: EngineEvent) => void {
  return (event) => {
    if (event.kind === "transfer") output.progress(transferText(event.transfer));
    if (event.kind === "progress") {
      const { task, done, total } = event.progress ?? {};
      output.progress(event.progress && `${task}${total ? ` ${done} of ${total}` : ""}`);
    }
    if (event.kind === "problem") output.note(`${event.problem.code} ${event.problem.detail}`);
  };
}

function transferText({ state, done, total }: Transfer): string | undefined {
  return state === "reading" || state === "sending" ? `${state} ${done} of ${total}` : undefined;
}
