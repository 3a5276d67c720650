/** Wakes subscriptions and waiting fetches after an entry was stored for their device. */

import { equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Entry } from "../../schema/rpc/methods.ts";

/** The most entries and bytes that a subscription holds in memory. For more it reads the store again. */
const inboxLimit = { entries: 100, bytes: 128 * 1024 };

/**
 * The result of waiting: live entries in order; whether the subscription must read the store because some did
 * not fit; whether the wait timed out.
 */
export type News = { entries: Entry[]; behind: boolean; quiet: boolean };

/** One device's open `subscribe`. */
export class Subscription {
  /** 16 bytes: the session that it was opened with. */
  readonly sessionId: Uint8Array;
  #inbox: Entry[] = [];
  #inboxBytes = 0;
  // Before the first read of the store every entry is new.
  #behind = true;
  #ended?: WireError;
  #wake?: () => void;

  constructor(sessionId: Uint8Array) {
    this.sessionId = sessionId;
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
    if (!this.#ended && !this.#behind && this.#inbox.length === 0 && !signal.aborted) {
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

  /**
   * Opens the device's subscription. A device has one live engine. So an older open subscription belongs to a
   * lost connection or to a copy of the profile: it ends with E040, and the newest is served.
   *
   * @param sessionId 16 bytes: the session of the call
   */
  subscribe(recipientKey: Uint8Array, sessionId: Uint8Array): Subscription {
    const key = keyOf(recipientKey);
    this.#subscriptions.get(key)?.end(
      new WireError(ErrorCode.draining, "replaced by a newer subscribe of this device"),
    );
    const subscription = new Subscription(sessionId);
    this.#subscriptions.set(key, subscription);
    return subscription;
  }

  /** Forgets a subscription whose call is over. */
  unsubscribe(recipientKey: Uint8Array, subscription: Subscription): void {
    const key = keyOf(recipientKey);
    if (this.#subscriptions.get(key) === subscription) this.#subscriptions.delete(key);
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
