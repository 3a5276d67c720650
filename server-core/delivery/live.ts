/** Wakes subscriptions and waiting fetches after an entry was stored for their device. */

import { equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Entry } from "../../schema/rpc/methods.ts";
import { Marks, type Opening } from "./marks.ts";
import { Subscription } from "./subscription.ts";

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
