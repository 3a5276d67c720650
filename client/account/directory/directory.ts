/**
 * The directory of accounts (specification §1.3, §1.6): looks accounts up on the server and answers from what is pinned
 * and stored on this device.
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { codeName, ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { Trust } from "../../mls/types.ts";
import type { SeenList } from "../devices/device_list_check.ts";
import { asEngineErrors } from "../errors.ts";
import type { Directory, KnownAccount } from "../types.ts";
import type { Pin } from "../vault/pins.ts";
import { type AccountRecord, DirectoryStore } from "./directory_store.ts";
import { leafTrust, revocationCheck } from "./leaf_trust.ts";
import { keyChanged, PinnedAccounts, type PinnedAccountsOptions } from "./pinned_accounts.ts";

/** The server's limit for one `lookupAccounts`. */
const batchSize = 100;
const maxFound = 20;

export interface DirectoryOptions extends PinnedAccountsOptions {
  rpc: RpcClient;
  ownUsername: string;
}

/** The {@link Directory} of this device. */
export class AccountDirectory implements Directory {
  readonly trust: Trust;
  readonly isRevoked: (credential: DeviceCredential) => Promise<boolean>;
  readonly #options: DirectoryOptions;
  readonly #records: DirectoryStore;
  readonly #pinned: PinnedAccounts;
  readonly #pinWatchers = new Set<() => void>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#records = new DirectoryStore(options.store, () => {
      for (const tell of this.#pinWatchers) tell();
    });
    this.#pinned = new PinnedAccounts(options, this.#records);
    const refresh = (accountKeys: Uint8Array[]) => this.refresh(accountKeys);
    this.trust = leafTrust(this.#records, refresh);
    this.isRevoked = revocationCheck(this.#records, refresh);
  }

  /** Reads the pins that an earlier run imported. */
  async load(): Promise<void> {
    await this.#pinned.load();
  }

  async byUsername(username: string): Promise<KnownAccount> {
    return await asEngineErrors(async () => {
      const { account } = await this.#options.rpc.call(authentication.lookup, { username }).catch((error) => {
        throw isWireError(error, ErrorCode.unknownRecipient)
          ? new EngineError({ code: LocalCode.noSuchUser, detail: `there is no account ${username}` })
          : error;
      });
      if (account.username !== username) throw new MalformedError("lookup: an answer for another name");
      await this.take(account, "asked");
      const record = await this.#records.byUsername(username);
      if (!record || record.changedKey) throw keyChanged(username);
      return record;
    });
  }

  async lookUpForVerification(username: string): Promise<{ account: KnownAccount; changedKey?: Bytes }> {
    try {
      return { account: await this.byUsername(username) };
    } catch (error) {
      const record = await this.#records.byUsername(username);
      const isKnown = error instanceof EngineError &&
        (error.problem.code === LocalCode.keyChanged || error.problem.code === LocalCode.offline);
      if (!record || !isKnown) throw error;
      return { account: record, ...(record.changedKey && { changedKey: record.changedKey }) };
    }
  }

  async byKey(accountKey: Uint8Array): Promise<KnownAccount | undefined> {
    return await asEngineErrors(() => this.#records.byKey(accountKey));
  }

  /** The newest device list that is stored, with the bytes that were signed. */
  async seenList(accountKey: Uint8Array): Promise<SeenList | undefined> {
    const record = await this.#records.byKey(accountKey);
    return record && { list: record.devices, bytes: record.signed.list };
  }

  /** @returns the newest device list that is stored, as the account signed it. @throws StorageError */
  async signedList(accountKey: Uint8Array): Promise<Account["devices"] | undefined> {
    return (await this.#records.byKey(accountKey))?.signed;
  }

  async refresh(accountKeys: Uint8Array[]): Promise<KnownAccount[]> {
    return await asEngineErrors(async () => {
      const wanted = [...new Map(accountKeys.map((key) => [toHex(key), new Uint8Array(key)])).values()];
      const changed: KnownAccount[] = [];
      for (let index = 0; index < wanted.length; index += batchSize) {
        for (const account of await this.#lookup(wanted.slice(index, index + batchSize))) {
          const record = await this.#takeFor(account, wanted.length);
          if (record) changed.push(record);
        }
      }
      return changed;
    });
  }

  /** Where several are asked for, one that is not valid keeps none of the others back: it is a problem, no error. */
  async #takeFor(account: Account, asked: number): Promise<AccountRecord | undefined> {
    try {
      return await this.take(account);
    } catch (error) {
      if (asked === 1 || !(error instanceof MalformedError)) throw error;
      this.#options.onProblem?.({ code: LocalCode.badAnswer, detail: error.message });
      return undefined;
    }
  }

  /**
   * Looks accounts up. When the answer is too large for one message, because of long device lists, it asks
   * for two halves. An account whose list alone is too large stays as it was.
   */
  async #lookup(accountKeys: Bytes[]): Promise<Account[]> {
    try {
      const { accounts } = await this.#options.rpc.call(authentication.lookupAccounts, { accountKeys });
      if (accounts.some((account) => !accountKeys.some((key) => equalBytes(key, account.accountKey)))) {
        throw new MalformedError("lookupAccounts: an answer for another key");
      }
      return accounts;
    } catch (error) {
      if (!isWireError(error, ErrorCode.payloadTooLarge)) throw error;
      if (accountKeys.length === 1) {
        this.#options.onProblem?.({
          code: codeName(ErrorCode.payloadTooLarge),
          detail: "the device list of an account is too large to be sent",
        });
        return [];
      }
      const half = accountKeys.length >> 1;
      return [...await this.#lookup(accountKeys.slice(0, half)), ...await this.#lookup(accountKeys.slice(half))];
    }
  }

  async search(prefix: string): Promise<string[]> {
    if (prefix === "") return [];
    return await asEngineErrors(async () => {
      const { usernames } = await this.#options.rpc.call(authentication.searchUsers, { prefix, limit: maxFound });
      return usernames.filter((username) => username !== this.#options.ownUsername).slice(0, maxFound);
    });
  }

  async known(): Promise<KnownAccount[]> {
    return await asEngineErrors(() => this.#records.all());
  }

  async acceptChangedKey(username: string, accountKey: Uint8Array): Promise<KnownAccount> {
    return await asEngineErrors(async () => {
      const { account } = await this.#options.rpc.call(authentication.lookup, { username });
      return await this.#pinned.accept(account, username, accountKey);
    });
  }

  async setVerified(accountKey: Uint8Array, verified: boolean): Promise<void> {
    await asEngineErrors(() => this.#pinned.setVerified(accountKey, verified));
  }

  async requireUnchanged(members: { username: string; accountKey: Uint8Array }[]): Promise<void> {
    await asEngineErrors(() => this.#pinned.requireUnchanged(members));
  }

  watch(newer: (account: KnownAccount) => void): () => void {
    return this.#pinned.watch(newer);
  }

  watchPins(changed: () => void): () => void {
    this.#pinWatchers.add(changed);
    return () => this.#pinWatchers.delete(changed);
  }

  async pins(): Promise<Pin[]> {
    return await this.#pinned.all();
  }

  /** @returns the pins of the newest vault that this device has seen */
  vaultPins(): Pin[] {
    return this.#pinned.ofVault();
  }

  /** Takes pins that other devices of the account made: see {@link PinnedAccounts.importPins}. */
  async importPins(pins: Pin[]): Promise<void> {
    await this.#pinned.importPins(pins);
  }

  /** Compares an answer of the server with pin and newest list: see {@link PinnedAccounts.take}. */
  async take(account: Account, why: "asked" | "refreshed" = "refreshed"): Promise<AccountRecord | undefined> {
    return await this.#pinned.take(account, why);
  }
}
