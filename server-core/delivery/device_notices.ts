/**
 * Tells connected devices that the device list of an account has changed (specification §4.11): the account's own ones,
 * and the first by a hash of those that share a channel with it. Each is told when it is its turn, so that one of them
 * fetches a KeyPackage of the new device, and not all.
 *
 * Nothing here is stored: who misses a notice looks at its next connection, or within the hour.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { turnBytes } from "../../schema/device_turn.ts";
import { type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { CallWindow } from "../../server-common/call_window.ts";
import { errorFields, type Log } from "../../server-common/log.ts";
import type { DeliveryStore } from "../storage/delivery_store.ts";
import type { LiveDevices } from "./live.ts";

/** Devices that are told for one channel; the last one's turn begins within 5 s. */
export const maxTurns = 5;
/** Entries for one device at one notice: it may share that many channels with the account, and more. */
export const maxEntriesPerDevice = 50;
/** Members of the account's channels that are looked at for one notice, in the newest channels first. */
export const maxMembersRead = 20_000;
/** Notices of one account in a minute: of its list, and as many of its vault. */
export const maxNoticesPerMinute = 6;
const minuteMs = 60_000;
/** After a notice the store is left to others for so many times as long, and a second at most. */
const pauseTimes = 7;
const longestPauseMs = 1_000;

/** A change of an account. */
export interface AccountChange {
  /** 32 bytes. */
  accountKey: Bytes;
  /** "own": only the account's devices have something to do. */
  to: "own" | "all";
  /** 32 bytes: the device that has made the change. It is not told. Empty: several devices have made some. */
  by: Bytes;
  /** That device mends its groups at once, so the others come after it. */
  acts: boolean;
  /** Somebody has asked by a link of the account. Such notices are counted by themselves. */
  asked?: true;
}

interface NoticesOptions {
  store: Pick<DeliveryStore, "accountChannels">;
  live: Pick<LiveDevices, "namesRun" | "notify">;
  /** ms since the Unix epoch. */
  now: () => number;
  log?: Log;
}

/** Sends the notices, one account at a time. Changes of an account that waits become one notice. */
export class DeviceNotices {
  readonly #options: NoticesOptions;
  readonly #window: CallWindow;
  readonly #waiting = new Map<string, AccountChange>();
  readonly #closed = Promise.withResolvers<void>();
  #sending: Promise<void> | undefined;

  constructor(options: NoticesOptions) {
    this.#options = options;
    this.#window = new CallWindow({ most: maxNoticesPerMinute, spanMs: minuteMs, clock: options.now });
  }

  /** Notes a change; the notice goes out in the background. Over the limit of the account nothing is sent. */
  changed(change: AccountChange): void {
    const key = toHex(change.accountKey);
    const before = this.#waiting.get(key);
    if (!before && this.#window.take([`${key} ${change.asked ? "asked" : change.to}`]) > 0) return;
    this.#waiting.set(key, before ? both(before, change) : change);
    this.#sending ??= this.#sendAll().finally(() => this.#sending = undefined);
  }

  /** Resolves when no notice waits. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  /** What waits is sent to nobody: the server stops. */
  async close(): Promise<void> {
    this.#waiting.clear();
    this.#closed.resolve();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    // What comes in the same turn of the event loop is one notice.
    await undefined;
    for (let next; (next = this.#waiting.entries().next().value) !== undefined;) {
      const [key, change] = next;
      this.#waiting.delete(key);
      const startedMs = performance.now();
      await this.#send(change).catch((error) => this.#options.log?.warn("a notice failed", errorFields(error)));
      if (this.#waiting.size > 0) await this.#pause(performance.now() - startedMs);
    }
  }

  /** To read 20,000 members takes the storage thread 0.1 s, and many accounts can ask for that. */
  async #pause(tookMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) =>
      timer = setTimeout(resolve, Math.min(pauseTimes * tookMs, longestPauseMs))
    );
    await Promise.race([over, this.#closed.promise]);
    clearTimeout(timer);
  }

  async #send({ accountKey, to, by, acts }: AccountChange): Promise<void> {
    const { store, live, now } = this.#options;
    const { version, own, channels } = await store.accountChannels({
      accountKey,
      most: to === "all" ? maxMembersRead : 0,
    });
    const order = (channelId: Uint8Array, recipientKeys: Bytes[]) =>
      inOrder(recipientKeys, (recipientKey) => turnBytes({ channelId, accountKey, version, recipientKey }));
    const tell = (recipientKey: Bytes, channelId: Bytes, turn: number) =>
      live.notify(recipientKey, noticeOf(accountKey, channelId, turn, now()));
    const none = new Uint8Array();
    const told = order(none, own.filter((key) => live.namesRun(key) && !equalBytes(key, by)));
    const ownOrder = acts ? [by, ...told] : told;
    const turnOf = new Map(ownOrder.map((recipientKey, turn) => [toHex(recipientKey), turn]));
    for (const recipientKey of told) tell(recipientKey, none, turnOf.get(toHex(recipientKey))!);
    const entries = new Map<string, number>();
    for (const { channelId, devices } of channels) {
      // Calls are served between two channels of 2,000 devices.
      await setImmediate();
      const ownTurns = devices.filter(({ own }) => own).map(({ recipientKey }) =>
        turnOf.get(toHex(recipientKey)) ?? -1
      );
      const first = Math.max(-1, ...ownTurns) + 1;
      const others = devices.filter(({ own, recipientKey }) => !own && live.namesRun(recipientKey));
      const asked = order(channelId, others.map(({ recipientKey }) => recipientKey));
      for (const [index, recipientKey] of asked.slice(0, Math.max(0, maxTurns - first)).entries()) {
        const count = entries.get(toHex(recipientKey)) ?? 0;
        if (count >= maxEntriesPerDevice) continue;
        entries.set(toHex(recipientKey), count + 1);
        tell(recipientKey, channelId, first + index);
      }
    }
  }
}

/** Who has made one of two changes has to be told of the other one. */
function both(one: AccountChange, other: AccountChange): AccountChange {
  const isSame = equalBytes(one.by, other.by);
  return {
    accountKey: one.accountKey,
    to: one.to === "all" || other.to === "all" ? "all" : "own",
    by: isSame ? one.by : new Uint8Array(),
    acts: isSame && (one.acts || other.acts),
  };
}

/** Hashes in this thread: WebCrypto takes ten times as long for 100 bytes, and 20,000 members may be connected. */
function inOrder(recipientKeys: Bytes[], bytesOf: (recipientKey: Bytes) => Bytes): Bytes[] {
  const hashed = recipientKeys.map((key) => ({ key, hash: createHash("sha256").update(bytesOf(key)).digest("hex") }));
  return hashed.sort((a, b) => a.hash < b.hash ? -1 : 1).map(({ key }) => key);
}

function noticeOf(accountKey: Bytes, channelId: Bytes, turn: number, receivedMs: number): Entry {
  const none = new Uint8Array();
  return {
    seq: 0,
    kind: EntryKind.DEVICES,
    channelId,
    epoch: 0,
    id: none,
    header: none,
    body: accountKey,
    bodyLength: accountKey.length,
    receivedMs,
    removed: [],
    added: [],
    membersHash: none,
    place: 0,
    turn,
  };
}
