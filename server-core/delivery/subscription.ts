/** One device's open subscription: what waits for it in memory, and why it ends. */

import { ErrorCode, type WireError } from "../../schema/rpc/errors.ts";
import type { Entry } from "../../schema/rpc/methods.ts";

/** The most entries and bytes that a subscription holds in memory. For more it reads the store again. */
const inboxLimit = { entries: 100, bytes: 128 * 1024 };

/**
 * The result of waiting: live entries in order; whether the subscription must read the store because some did
 * not fit; whether the wait timed out.
 */
export type News = { entries: Entry[]; behind: boolean; quiet: boolean };

/** What a subscription that names its run has besides. */
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
   * @returns whether an older subscription of another run still takes what is written to it: then its engine may say
   *   that it runs. After a reload nobody takes it
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
