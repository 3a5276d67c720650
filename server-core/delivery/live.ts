/** Wakes subscriptions and waiting fetches after an entry was stored for their device. */

import { equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Entry } from "../../schema/rpc/methods.ts";
import { Marks, type Opening } from "./marks.ts";
import { Subscription } from "./subscription.ts";
import { type Wait, WaitingFetch } from "./waiting_fetch.ts";

/** Waiting fetches of all devices together. Clients of this project listen by `subscribeAs`. */
const maxWaiting = 20_000;

/** All open subscriptions and waiting fetches, by device. */
export class LiveDevices {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #waiting = new Map<string, WaitingFetch>();
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

  /** Gives a device an entry that was just stored (or is ephemeral). */
  notify(recipientKey: Uint8Array, entry: Entry): void {
    const key = keyOf(recipientKey);
    this.#subscriptions.get(key)?.push(entry);
    if (entry.seq !== 0) this.#waiting.get(key)?.stored(entry.channelId);
  }

  /** Tells a device that an entry of this channel was stored, which it has to read from the store. */
  notifyStored(recipientKey: Uint8Array, channelId: Uint8Array): void {
    const key = keyOf(recipientKey);
    this.#subscriptions.get(key)?.lag();
    this.#waiting.get(key)?.stored(channelId);
  }

  /**
   * Opens a waiting fetch of a device. A device has one: the newest is served, and an older one ends with E005.
   *
   * @throws WireError E005 where too many devices wait
   */
  wait(recipientKey: Uint8Array, wait: Wait): WaitingFetch {
    const key = keyOf(recipientKey);
    const older = this.#waiting.get(key);
    if (!older && this.#waiting.size >= maxWaiting) {
      throw new WireError(ErrorCode.rateLimited, "too many devices wait", wait.timeoutMs);
    }
    older?.displaced();
    const waiting = new WaitingFetch(wait);
    this.#waiting.set(key, waiting);
    return waiting;
  }

  /** Forgets a waiting fetch whose call is over. */
  unwait(recipientKey: Uint8Array, waiting: WaitingFetch): void {
    const key = keyOf(recipientKey);
    if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
  }

  /** @returns whether a subscription of the device is open that names its run (`subscribeAs`) */
  namesRun(recipientKey: Uint8Array): boolean {
    return this.#subscriptions.get(keyOf(recipientKey))?.run !== undefined;
  }

  /** @returns the sessions that subscriptions are open for, 16 bytes each */
  sessionIds(): Uint8Array<ArrayBuffer>[] {
    return Array.from(this.#subscriptions.values(), ({ sessionId }) => Uint8Array.from(sessionId));
  }

  /** Ends the subscriptions and waiting fetches of ended sessions (E001). */
  endSessions(sessionIds: Uint8Array[]): void {
    for (const subscription of this.#subscriptions.values()) {
      if (sessionIds.some((ended) => equalBytes(ended, subscription.sessionId))) {
        subscription.end(new WireError(ErrorCode.unauthenticated, "the session has ended"));
      }
    }
    for (const waiting of this.#waiting.values()) waiting.endOf(sessionIds);
  }

  /** Ends every subscription and waiting fetch (draining). */
  endAll(error: WireError): void {
    for (const subscription of this.#subscriptions.values()) subscription.end(error);
    for (const waiting of this.#waiting.values()) waiting.end(error);
  }

  /** @returns how many devices wait for entries in a `fetchWait` */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @returns how many subscriptions are open */
  get size(): number {
    return this.#subscriptions.size;
  }
}

function keyOf(recipientKey: Uint8Array): string {
  return String.fromCharCode(...recipientKey);
}
