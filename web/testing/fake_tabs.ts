/** Tabs of one profile in one process: real locks and channels, a clock that the test moves, engines in memory. */

import type { AccountState, EngineApi, EngineEvent } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import { engineThrough } from "../engine/engine_methods.ts";
import { joinTabElection, type TabEngine } from "../engine/tab_engine.ts";
import type { LockRequest, TabChannel, TabLocks, TabMessage } from "../engine/tab_protocol.ts";

/** Timers of this length and more wait for {@link Profile.pass}; shorter ones run by themselves. */
const longMs = 1000;

const signedIn: AccountState = { kind: "signed-in", username: "al", accountKey: "", deviceId: "" };

/** The locks as one tab has them: its own go when it dies. */
class LocksOfTab implements TabLocks {
  readonly #prefix: string;
  readonly #death = new AbortController();
  readonly #dead = Promise.withResolvers<void>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  request(name: string, { signal, ...options }: LockRequest, held: (lock: unknown) => unknown): Promise<unknown> {
    const ends = AbortSignal.any([this.#death.signal, ...signal ? [signal] : []]);
    // The two exclude each other; a request that does not wait needs no end.
    const how = options.ifAvailable ? options : { ...options, signal: ends };
    const asked = navigator.locks.request(
      `${this.#prefix}/${name}`,
      how,
      (lock) => Promise.race([held(lock), this.#dead.promise]),
    );
    return asked.catch((error) => this.#death.signal.aborted ? new Promise(() => {}) : Promise.reject(error));
  }

  async query(): Promise<{ pending: { name: string }[] }> {
    const { pending = [] } = await navigator.locks.query();
    const own = pending.filter(({ name }) => name!.startsWith(`${this.#prefix}/`));
    return { pending: own.map(({ name }) => ({ name: name!.slice(this.#prefix.length + 1) })) };
  }

  die(): void {
    this.#death.abort();
    this.#dead.resolve();
  }
}

export interface FakeTab {
  seat: TabEngine;
  locks: TabLocks;
  events: EngineEvent[];
  /** The tab is closed. */
  die(): void;
  /** The tab neither hears nor says anything any more, and keeps its locks. */
  freeze(): void;
  /** Its engine tells something. */
  emit(event: EngineEvent): void;
}

export interface FakeTabOptions {
  heartbeatMs?: number;
  version?: number;
  openFails?: boolean;
  close?(): Promise<void>;
  open?(): Promise<void>;
}

/** One profile and its tabs. */
export class Profile {
  readonly name = crypto.randomUUID();
  /** Methods that any engine was asked for. */
  readonly asked: string[] = [];
  /** What happened to the engines: "open 1", "close 1". */
  readonly log: string[] = [];
  readonly said: TabMessage[] = [];
  readonly #timers = new Set<{ leftMs: number; run: () => void }>();
  readonly #ends: (() => void)[] = [];
  #tabs = 0;
  #closed = false;

  get opened(): number {
    return this.log.filter((line) => line.startsWith("open")).length;
  }

  /** How often a tab was offered the lead. */
  get offers(): number {
    return this.said.filter(({ kind }) => kind === "hand-over").length;
  }

  /** New tabs, each of which has been answered before the next one comes: the first leads. */
  async tabs(...engines: Partial<EngineApi>[]): Promise<FakeTab[]> {
    const all: FakeTab[] = [];
    for (const engine of engines) {
      const tab = this.tab(engine);
      await tab.seat.call("connection", []);
      all.push(tab);
    }
    return all;
  }

  /** A channel of this profile. */
  channel(): BroadcastChannel {
    const channel = new BroadcastChannel(this.name);
    this.#ends.push(() => channel.close());
    return channel;
  }

  /** The locks of this profile, for a tab of a test's own. */
  locks(): LocksOfTab {
    const locks = new LocksOfTab(this.name);
    this.#ends.push(() => locks.die());
    return locks;
  }

  /** A new tab. @param engine what its engine answers when it leads; an account is signed in otherwise */
  tab(engine: Partial<EngineApi>, options: FakeTabOptions = {}): FakeTab {
    const number = ++this.#tabs;
    const channel = this.channel();
    const locks = this.locks();
    const events: EngineEvent[] = [];
    let emitToAll: (event: EngineEvent) => void = () => {};
    let dead = false;
    const removed = new Set<unknown>();
    // A dead tab neither hears nor says anything, though its timers run on in this process.
    const gate: TabChannel = {
      postMessage: (message) => {
        if (dead || this.#closed) return;
        this.said.push(message);
        channel.postMessage(message);
      },
      removeEventListener: (_type, listener) => void removed.add(listener),
      addEventListener: (type, listener) =>
        channel.addEventListener(
          type,
          ((event: MessageEvent) => dead || removed.has(listener) || listener(event)) as EventListener,
        ),
    };
    const base: Partial<EngineApi> = {
      account: () => Promise.resolve(signedIn),
      connection: () => Promise.resolve({ kind: "connected", transport: "HTTPS" }),
      chats: () => Promise.resolve([]),
    };
    const seat = joinTabElection({
      locks,
      channel: gate,
      heartbeatMs: options.heartbeatMs ?? 20,
      emit: (event) => events.push(event),
      clock: { after: this.#after },
      ...(options.version !== undefined && { version: options.version }),
      openEngine: async (emit) => {
        this.log.push(`open ${number}`);
        emitToAll = emit;
        await options.open?.();
        if (options.openFails) throw new EngineError({ code: "L005", detail: "no storage" });
        const api = engineThrough((method, args) => {
          this.asked.push(method);
          return ({ ...base, ...engine }[method] as (...args: unknown[]) => Promise<unknown>)(...args);
        });
        const close = async () => {
          await options.close?.();
          this.log.push(`close ${number}`);
        };
        return { api, close };
      },
    });
    const die = () => {
      dead = true;
      locks.die();
    };
    return { seat, locks, events, die, freeze: () => dead = true, emit: (event) => emitToAll(event) };
  }

  readonly #after = (delayMs: number, run: () => void): () => void => {
    if (delayMs < longMs) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    }
    const timer = { leftMs: delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Time goes by. */
  pass(spanMs: number): void {
    for (const timer of [...this.#timers]) {
      timer.leftMs -= spanMs;
      if (timer.leftMs > 0) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
  }
}

/** Long enough for several heartbeats and messages: for tests in which nothing may happen. */
export const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

/** A test with a profile of its own. */
export function testProfile(name: string, body: (profile: Profile) => Promise<void>): void {
  // Seats live as long as their tab does: their timers end with the process.
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const profile = new Profile();
      try {
        await body(profile);
      } finally {
        profile.close();
      }
    },
  });
}
