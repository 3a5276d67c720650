/**
 * The setting of a behaviour: an engine's empty store, a clock, and ready-made people, devices and channels.
 */

import assert from "node:assert/strict";
import type { Bytes } from "../../../schema/bytes.ts";
import { codeName, WireError } from "../../../schema/rpc/errors.ts";
import { random, sha256 } from "../../testing/seed.ts";
import type { AccountStore, DeviceKeys, NewAccount, NewSession } from "../account_store.ts";
import type { ClockStore } from "../clock_store.ts";
import type { CommitArgs, DeliveryStore, PublishArgs, StoredEntry } from "../delivery_store.ts";
import type { OperatorStore } from "../operator_store.ts";
import type { Store } from "../store.ts";

/** An engine under test. */
export interface Engine {
  name: string;
  /** Opens a new, empty store. */
  open(): Promise<TestStore>;
}

/** A store and the helpers of a test. */
export interface TestStore {
  /** Replaced by `reopen`. */
  readonly store: Store;
  /** The clock of the store and of the operator, ms since the Unix epoch; tests set it. */
  readonly clock: { nowMs: number };
  /** The same data as another process sees it. */
  readonly operator: OperatorStore;
  /** Closes the store, runs `between`, and opens the store again over the same data. */
  reopen(between?: () => Promise<void>): Promise<void>;
  /** Closes the store and removes its data. */
  close(): Promise<void>;
}

/** All stores over the same data. */
export interface Parts extends Pick<Store, "accounts" | "delivery" | "clock"> {
  operator: OperatorStore;
}

/** @returns the present stores of an engine under test, also after `reopen` */
export function partsOf({ store: { accounts, delivery, clock }, operator }: TestStore): Parts {
  return { accounts, delivery, clock, operator };
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** An account with its first device, which is listed and signed in. */
export interface Person extends NewAccount {
  /** 32 bytes: the first device's key. */
  recipientKey: Bytes;
}

/** A commit in short form. Members, Welcome and headers are made to fit. */
export interface CommitPlan {
  sender: DeviceKeys;
  channelId: Bytes;
  epoch: number;
  /** All devices of the new epoch. */
  members: DeviceKeys[];
  removed?: DeviceKeys[];
  added?: DeviceKeys[];
}

/** @returns a device that no account has yet */
export function newDevice(): DeviceKeys {
  const recipientKey = random(32);
  return { recipientKey, deviceId: sha256(recipientKey).slice(0, 16) };
}

/** @returns a session to open that ends at `expiresMs` */
export function newSession(expiresMs: number): NewSession {
  return { sessionId: random(16), tokenSha256: random(32), expiresMs };
}

/** @returns an account to register */
export function newAccount(nowMs: number, overrides: Partial<NewAccount> = {}): NewAccount {
  return {
    username: `u${crypto.randomUUID().slice(0, 12)}`,
    accountKey: random(32),
    opaqueRecord: random(129),
    devices: { list: random(40), signature: random(64) },
    vault: {
      version: 1,
      sealed: random(100),
      wrappedByPassword: random(60),
      wrappedByRecovery: random(60),
      recoveryKey: random(32),
    },
    device: newDevice(),
    session: newSession(nowMs + 30 * dayMs),
    ...overrides,
  };
}

/** @returns a header whose bytes name its recipient */
export function headerOf({ recipientKey }: DeviceKeys): Bytes {
  return new Uint8Array(1168).fill(recipientKey[0]);
}

/** @returns the arguments of a commit */
export function commitOf(plan: CommitPlan, overrides: Partial<CommitArgs> = {}): CommitArgs {
  const { sender, channelId, epoch, members, removed = [], added = [] } = plan;
  return {
    sender: sender.recipientKey,
    channelId,
    epoch,
    commitId: random(16),
    contentHash: random(32),
    removed: removed.map(({ recipientKey }) => recipientKey),
    added: added.map(({ recipientKey }) => recipientKey),
    commit: random(300),
    welcome: added.length > 0 ? random(400) : new Uint8Array(),
    headers: members.map((device) => ({ recipientKey: device.recipientKey, header: headerOf(device) })),
    ...overrides,
  };
}

/** @returns the arguments of a message */
export function messageOf(
  { recipientKey }: DeviceKeys,
  channelId: Bytes,
  epoch: number,
  overrides: Partial<PublishArgs> = {},
): PublishArgs {
  return {
    sender: recipientKey,
    channelId,
    epoch,
    messageId: random(16),
    envelope: random(256),
    bodyHash: random(32),
    ...overrides,
  };
}

export class World {
  readonly #opened: TestStore;
  readonly #record: (parts: Parts) => Parts;
  #recorded: Parts;

  /** @param record wraps the stores so that the calls of a test are noted; those of its fixtures are not */
  constructor(opened: TestStore, record: (parts: Parts) => Parts) {
    this.#opened = opened;
    this.#record = record;
    this.#recorded = record(partsOf(opened));
  }

  get accounts(): AccountStore {
    return this.#recorded.accounts;
  }

  get delivery(): DeliveryStore {
    return this.#recorded.delivery;
  }

  /** The store of the trusted time; `clock` is the machine's. */
  get kept(): ClockStore {
    return this.#recorded.clock;
  }

  get operator(): OperatorStore {
    return this.#recorded.operator;
  }

  get clock(): { nowMs: number } {
    return this.#opened.clock;
  }

  async reopen(between?: () => Promise<void>): Promise<void> {
    await this.#opened.reopen(between);
    this.#recorded = this.#record(partsOf(this.#opened));
  }

  /** Registers an account. */
  async person(overrides: Partial<NewAccount> = {}): Promise<Person> {
    const account = newAccount(this.clock.nowMs, overrides);
    await this.#opened.store.accounts.register(account);
    return { ...account, recipientKey: account.device.recipientKey };
  }

  /** Registers `count` accounts and gives their devices. */
  async devices(count: number): Promise<DeviceKeys[]> {
    const people = await Promise.all(Array.from({ length: count }, () => this.person()));
    return people.map(({ device }) => device);
  }

  /** Signs another device in to an account; it is not listed yet. */
  async signIn(
    { accountKey, opaqueRecord }: Person,
    device: DeviceKeys = newDevice(),
    session = newSession(this.clock.nowMs + 30 * dayMs),
  ): Promise<{ device: DeviceKeys; session: NewSession }> {
    await this.#opened.store.accounts.openSession({ accountKey, opaqueRecord, device, session });
    return { device, session };
  }

  /** Sets an account's device list. */
  async list(
    { accountKey }: Person,
    expectedVersion: number,
    listed: DeviceKeys[],
    revoked: DeviceKeys[] = [],
  ): Promise<void> {
    await this.#opened.store.accounts.putDeviceList({
      accountKey,
      expectedVersion,
      devices: { list: random(40), signature: random(64) },
      listed,
      revoked: revoked.map(({ deviceId }) => deviceId),
    });
  }

  /** Revokes an account's only device. */
  revoke(person: Person): Promise<void> {
    return this.list(person, 1, [], [person.device]);
  }

  /** Makes a channel at epoch 1 whose members are the devices; the first one made it. */
  async channel(devices: DeviceKeys[]): Promise<Bytes> {
    const [sender, ...added] = devices;
    const channelId = random(32);
    const { delivery } = this.#opened.store;
    await delivery.createChannel({ creator: sender.recipientKey, channelId });
    await delivery.commit(commitOf({ sender, channelId, epoch: 0, members: devices, added }));
    return channelId;
  }

  /** Reads a device's whole queue without acknowledging it. */
  async queue({ recipientKey }: DeviceKeys): Promise<StoredEntry[]> {
    const all: StoredEntry[] = [];
    while (true) {
      const entries = await this.#opened.store.delivery.fetch({
        recipientKey,
        channelId: new Uint8Array(),
        after: all.at(-1)?.seq ?? 0,
        limit: 200,
      });
      if (entries.length === 0) return all;
      all.push(...entries);
    }
  }

  /** Acknowledges all that waits for the devices. */
  async empty(...devices: DeviceKeys[]): Promise<void> {
    for (const device of devices) {
      const last = (await this.queue(device)).at(-1);
      if (!last) continue;
      const args = { recipientKey: device.recipientKey, upTo: last.seq };
      while ((await this.#opened.store.delivery.ack(args)).more);
    }
  }
}

/** @returns "ok", or the code of the refusal like "E015" @throws any other error */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof WireError) return codeName(error.code);
    throw error;
  }
}

/** Asserts that each call is refused with the code. */
export async function refused(code: number, ...calls: Promise<unknown>[]): Promise<void> {
  assert.deepEqual(await Promise.all(calls.map(outcome)), calls.map(() => codeName(code)));
}

/** @returns the refusal of a call */
export async function refusalOf(call: Promise<unknown>): Promise<WireError> {
  const error = await call.then(() => undefined, (error) => error);
  assert.ok(error instanceof WireError, `no refusal: ${error}`);
  return error;
}
