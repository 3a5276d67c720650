/** Wakes subscriptions and waiting fetches after an entry was stored for their device. */

import { equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Entry } from "../../schema/rpc/methods.ts";
import { Marks, type Opening } from "./marks.ts";

/** The most entries and bytes that a subscription holds in memory. For more it reads the store again. */
const inboxLimit = { entries: 100, bytes: 128 * 1024 };

/**
 * The result of waiting: live entries in order; whether the subscription must read the store because some did
 * not fit; whether the wait timed out.
 */
export type News = { entries: Entry[]; behind: boolean; quiet: boolean };

interface RunState {
  run: Uint8Array;
  copied: boolean;
  /** The older subscription of another run, which this one ends. */
  displaces: Subscription;
}

/** How long it may take to write to a connection that may be gone, in ms. */
const lookMs = 300;

/** One device's open `subscribe`. */
export class Subscription {
  /** 16 bytes: the session that it was opened with. */
  readonly sessionId: Uint8Array;
  /** 16 bytes: the running engine, where the client names it. */
  readonly run: Uint8Array | undefined;
  #displaces: Subscription | undefined;
  readonly #taken = Promise.withResolvers<boolean>();
  /** To be told that another engine has gone on with this device's keys. */
  #copied: boolean;
  /** … by the word of that engine, which comes once. */
  #hasWord = false;
  #inbox: Entry[] = [];
  #inboxBytes = 0;
  // Before the first read of the store every entry is new.
  #behind = true;
  #ended?: WireError;
  #wake?: () => void;

  constructor(sessionId: Uint8Array, { run, displaces, copied = false }: Partial<RunState> = {}) {
    this.sessionId = sessionId;
    this.run = run;
    this.#displaces = displaces;
    this.#copied = copied;
  }

  /**
   * @returns whether an older subscription of another run takes what is written to it: then its engine may still say
   *   that it runs. The page that was loaded anew does not
   */
  async held(): Promise<boolean> {
    const older = this.#displaces;
    if (!older) return false;
    // Each would keep the one before it in memory, for as long as a device is connected.
    this.#displaces = undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(true), lookMs));
    const held = await Promise.race([older.#taken.promise, late]);
    clearTimeout(timer);
    return held;
  }

  /** Whether a newer subscription of another run has ended this one. */
  get isDisplaced(): boolean {
    return this.#ended?.code === ErrorCode.openElsewhere;
  }

  /** @param taken whether the last element that was written to this subscription was taken */
  lastTaken(taken: boolean): void {
    this.#taken.resolve(taken);
  }

  /** Another engine of this device says that it still runs. */
  tellCopied(): void {
    this.#copied = true;
    this.#hasWord = true;
    this.#wake?.();
  }

  /** Whether the word of another engine has not been handed over by {@link copiedTold}. */
  get hasWord(): boolean {
    return this.#hasWord;
  }

  /** @returns whether it is to be told now that there is a copy; once for each time */
  takeCopied(): boolean {
    const copied = this.#copied;
    this.#copied = false;
    return copied;
  }

  /** What {@link takeCopied} gave was handed over. */
  copiedTold(): void {
    this.#hasWord = this.#copied;
  }

  /** Passes on an entry that was just stored (or is ephemeral). */
  push(entry: Entry): void {
    const bytes = entry.body.length + entry.header.length;
    if (this.#inbox.length >= inboxLimit.entries || this.#inboxBytes + bytes > inboxLimit.bytes) {
      this.lag();
      return;
    }
    this.#inbox.push(entry);
    this.#inboxBytes += bytes;
    this.#wake?.();
  }

  /** Notes that an entry was stored which has to be read from the store. */
  lag(): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#behind = true;
    this.#wake?.();
  }

  /** Ends the subscription with this error. */
  end(error: WireError): void {
    this.#ended ??= error;
    this.#wake?.();
  }

  /**
   * Waits for new entries.
   *
   * @param quietMs how long to wait at most
   * @param signal aborts when the caller is gone: the news is then quiet
   * @throws WireError the reason why the subscription ended
   */
  async next(quietMs: number, signal: AbortSignal): Promise<News> {
    if (!this.#ended && !this.#behind && !this.#copied && this.#inbox.length === 0 && !signal.aborted) {
      await this.#sleep(quietMs, signal);
    }
    if (this.#ended) throw this.#ended;
    const news = { entries: this.#inbox, behind: this.#behind, quiet: !this.#behind && this.#inbox.length === 0 };
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#behind = false;
    return news;
  }

  /** @throws WireError when the subscription was ended */
  throwIfEnded(): void {
    if (this.#ended) throw this.#ended;
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }
}

/** All open subscriptions and waiting fetches, by device. */
export class LiveDevices {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #waiting = new Map<string, Set<(error?: WireError) => void>>();
  readonly #marks = new Marks();

  /**
   * Opens the device's subscription. A device has one live engine, so the newest is served. An older open one of the
   * same run belongs to a lost connection and ends with E040, as does any where one of the two names no run. One of
   * another run may be a copy of the profile: it ends with E041, after which that engine does not come back by itself.
   *
   * @param sessionId 16 bytes: the session of the call
   * @param as the running engine and its marks, where the client names them
   */
  subscribe(recipientKey: Uint8Array, sessionId: Uint8Array, as?: Opening): Subscription {
    const key = keyOf(recipientKey);
    const older = this.#subscriptions.get(key);
    const isOtherRun = as !== undefined && older?.run !== undefined && !equalBytes(older.run, as.run);
    older?.end(
      isOtherRun
        ? new WireError(ErrorCode.openElsewhere, "a newer connection of this device was opened")
        : new WireError(ErrorCode.draining, "replaced by a newer subscribe of this device"),
    );
    const subscription = new Subscription(
      sessionId,
      as && { run: as.run, copied: this.#marks.take(key, as), ...(older && isOtherRun && { displaces: older }) },
    );
    this.#subscriptions.set(key, subscription);
    return subscription;
  }

  /** The engine `run` of a device was ended with E041 and still has its profile: the newer one has a copy. */
  displaced(recipientKey: Uint8Array, run: Uint8Array): void {
    const key = keyOf(recipientKey);
    const present = this.#subscriptions.get(key);
    if (present?.run && equalBytes(present.run, run)) return;
    if (present) present.tellCopied();
    else this.#marks.oweCopied(key);
  }

  /** Forgets a subscription whose call is over. A word that it was not told goes to the device's next one. */
  unsubscribe(recipientKey: Uint8Array, subscription: Subscription): void {
    const key = keyOf(recipientKey);
    if (this.#subscriptions.get(key) === subscription) this.#subscriptions.delete(key);
    if (!subscription.hasWord) return;
    const present = this.#subscriptions.get(key);
    if (present) present.tellCopied();
    else this.#marks.oweCopied(key);
  }

  /**
   * Notifies a device of an entry, stored or ephemeral.
   *
   * @param entry the entry; absent: it has to be read from the store
   */
  notify(recipientKey: Uint8Array, entry?: Entry): void {
    const key = keyOf(recipientKey);
    const subscription = this.#subscriptions.get(key);
    if (entry) subscription?.push(entry);
    else subscription?.lag();
    if (entry?.seq !== 0) { for (const wake of [...this.#waiting.get(key) ?? []]) wake(); }
  }

  /**
   * Waits until an entry is stored for the device.
   *
   * @param signal ends the wait
   * @returns a promise that resolves at the first entry, at the signal or after `timeoutMs`, and rejects with
   *   the reason when the device is ended
   */
  stored(recipientKey: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const key = keyOf(recipientKey);
    return new Promise((resolve, reject) => {
      const wake = (error?: WireError) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", gone);
        const waiting = this.#waiting.get(key);
        waiting?.delete(wake);
        if (waiting?.size === 0) this.#waiting.delete(key);
        if (error) reject(error);
        else resolve();
      };
      const gone = () => wake();
      const timer = setTimeout(gone, timeoutMs);
      signal.addEventListener("abort", gone, { once: true });
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting.add(wake));
    });
  }

  /** @returns whether a subscription of the device is open that names its run (`subscribeAs`) */
  namesRun(recipientKey: Uint8Array): boolean {
    return this.#subscriptions.get(keyOf(recipientKey))?.run !== undefined;
  }

  /** @returns the sessions that subscriptions are open for, 16 bytes each */
  sessionIds(): Uint8Array<ArrayBuffer>[] {
    return Array.from(this.#subscriptions.values(), ({ sessionId }) => Uint8Array.from(sessionId));
  }

  /** Ends the subscriptions of ended sessions (E001). Waiting fetches end by themselves. */
  endSessions(sessionIds: Uint8Array[]): void {
    for (const subscription of this.#subscriptions.values()) {
      if (sessionIds.some((ended) => equalBytes(ended, subscription.sessionId))) {
        subscription.end(new WireError(ErrorCode.unauthenticated, "the session has ended"));
      }
    }
  }

  /** Ends every subscription and waiting fetch (draining). */
  endAll(error: WireError): void {
    for (const subscription of this.#subscriptions.values()) subscription.end(error);
    for (const waiting of [...this.#waiting.values()]) for (const wake of [...waiting]) wake(error);
  }

  /** @returns how many subscriptions are open */
  get size(): number {
    return this.#subscriptions.size;
  }
}

function keyOf(recipientKey: Uint8Array): string {
  return String.fromCharCode(...recipientKey);
}
