/** The known accounts in storage: one record for each account, under `k/<account key>`. */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { type DeviceList, readDeviceList } from "../../../schema/device_list.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { SealedBatch, SealedStore } from "../../storage/sealed_store.ts";
import type { KnownAccount } from "../types.ts";

/** A known account with the signed bytes of its list. */
export interface AccountRecord extends KnownAccount {
  signed: { list: Bytes; signature: Bytes };
}

interface StoredAccount {
  username: string;
  accountKey: Bytes;
  list: Bytes;
  signature: Bytes;
  firstSeenMs: number;
  verified: boolean;
  decided: number;
  changedKey?: Bytes;
}

/** Reads once, then answers from memory. The fence lets one engine write the profile, so memory is never outdated. */
export class DirectoryStore {
  readonly #store: SealedStore;
  readonly #onChange: () => void;
  #loading: Promise<Map<string, AccountRecord>> | undefined;

  /** @param onChange called when a record was stored or deleted */
  constructor(store: SealedStore, onChange: () => void = () => {}) {
    this.#store = store;
    this.#onChange = onChange;
  }

  async byKey(accountKey: Uint8Array): Promise<AccountRecord | undefined> {
    return (await this.#records()).get(toHex(accountKey));
  }

  async byUsername(username: string): Promise<AccountRecord | undefined> {
    return (await this.all()).find((record) => record.username === username);
  }

  async all(): Promise<AccountRecord[]> {
    return [...(await this.#records()).values()];
  }

  /** @param replaces the account key whose record is deleted in the same write */
  async save(record: AccountRecord, replaces?: Uint8Array): Promise<void> {
    const records = await this.#records();
    await this.#store.write({
      puts: [accountPut(record)],
      deletes: replaces ? [{ store: "accounts", key: accountKeyOf(replaces) }] : [],
    });
    if (replaces) records.delete(toHex(replaces));
    records.set(toHex(record.accountKey), record);
    this.#onChange();
  }

  async remove(accountKey: Uint8Array): Promise<void> {
    const records = await this.#records();
    await this.#store.write({ deletes: [{ store: "accounts", key: accountKeyOf(accountKey) }] });
    records.delete(toHex(accountKey));
    this.#onChange();
  }

  async #records(): Promise<Map<string, AccountRecord>> {
    this.#loading ??= this.#load();
    this.#loading.catch(() => this.#loading = undefined);
    return await this.#loading;
  }

  async #load(): Promise<Map<string, AccountRecord>> {
    const stored = await this.#store.range<StoredAccount>("accounts", "k/");
    const records = stored.map(({ value }) => recordOf(value));
    return new Map(records.map((record) => [toHex(record.accountKey), record]));
  }
}

/** @returns the put that stores the record, for a larger write */
export function accountPut(
  { username, accountKey, signed, firstSeenMs, verified, decisionCount, changedKey }: AccountRecord,
): NonNullable<SealedBatch["puts"]>[number] {
  const value: StoredAccount = {
    username,
    accountKey,
    list: signed.list,
    signature: signed.signature,
    firstSeenMs,
    verified,
    decided: decisionCount,
    ...(changedKey && { changedKey }),
  };
  return { store: "accounts", key: accountKeyOf(accountKey), value };
}

function accountKeyOf(accountKey: Uint8Array): string {
  return `k/${toHex(accountKey)}`;
}

function recordOf(
  { username, accountKey, list, signature, firstSeenMs, verified, decided, changedKey }: StoredAccount,
): AccountRecord {
  return {
    username,
    accountKey,
    devices: storedList({ username, accountKey, list }),
    signed: { list, signature },
    firstSeenMs,
    verified,
    decisionCount: decided,
    ...(changedKey && { changedKey }),
  };
}

/**
 * The list was checked when it was stored, and this storage is sealed. It is not checked anew: another browser, or a
 * later version, may judge a strange signature differently, and then one account would close this profile for good. A
 * list that this version can not even read counts for nothing, and the pin stays.
 */
function storedList(
  { username, accountKey, list }: Pick<StoredAccount, "username" | "accountKey" | "list">,
): DeviceList {
  try {
    return readDeviceList(list);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { accountKey, username, version: 0, devices: [], revoked: [], prevHash: new Uint8Array(32) };
  }
}
