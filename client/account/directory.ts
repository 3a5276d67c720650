/** The directory as this device sees it: accounts pinned at first sight, their newest device lists, and what follows from both for MLS leaves (PROTOCOL §1). */

import { Mutex } from "async-mutex";
import { equalBytes, toHex } from "../../schema/bytes.ts";
import type { DeviceCredential } from "../../schema/credential.ts";
import { openDeviceList } from "../../schema/device_list.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../schema/rpc/methods.ts";
import { EngineError, type EngineProblem, LocalCode } from "../engine/api.ts";
import type { Trust, TrustUse } from "../mls/types.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { judgeDeviceList } from "./device_list_check.ts";
import { type AccountRecord, DirectoryStore } from "./directory_store.ts";
import { asEngineErrors } from "./errors.ts";
import type { Bytes, Clock, Directory, KnownAccount } from "./types.ts";
import type { Pin } from "./vault.ts";

/** The server's limit for one `lookupAccounts`. */
const batchSize = 100;
const maxFound = 20;

export interface DirectoryOptions {
  store: SealedStore;
  rpc: RpcClient;
  clock: Clock;
  ownUsername: string;
  /** Told when a pin is new or has changed: it belongs into the vault. */
  onPinned?(): void;
  /** Told of answers that were refused: the server shows a past list, or another key than the pinned one. */
  onProblem?(problem: EngineProblem): void;
}

export class AccountDirectory implements Directory {
  readonly #options: DirectoryOptions;
  readonly #records: DirectoryStore;
  /** One answer at a time is compared and stored. */
  readonly #taking = new Mutex();
  /** Pins that came with the vault, for accounts that were not looked up here yet. */
  readonly #vaultPins = new Map<string, Pin>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#records = new DirectoryStore(options.store);
  }

  readonly trust: Trust = async (credential, leafSignatureKey, use) => {
    const first = await this.#judge(credential, leafSignatureKey, use);
    if (first.verdict !== "unknown") return first.verdict === "good" ? true : first.reason;
    await this.refresh([credential.accountKey]);
    const second = await this.#judge(credential, leafSignatureKey, use);
    return second.verdict === "good" ? true : second.reason;
  };

  readonly isRevoked = async (credential: DeviceCredential): Promise<boolean> => {
    const revokes = async () => (await this.#records.byKey(credential.accountKey))?.devices.revoked.some((id) => equalBytes(id, credential.deviceId)) ?? false;
    if (await revokes()) return true;
    // Another member may have seen the revocation before this device did.
    await this.refresh([credential.accountKey]).catch(() => {});
    return await revokes();
  };

  async byUsername(username: string): Promise<KnownAccount> {
    return await asEngineErrors(async () => {
      const { account } = await this.#options.rpc.call(authentication.lookup, { username }).catch((error) => {
        throw isWireError(error, ErrorCode.unknownRecipient) ? new EngineError({ code: LocalCode.noSuchUser, detail: `there is no account ${username}` }) : error;
      });
      if (account.username !== username) throw new MalformedError("lookup: an answer for another name");
      await this.take(account);
      const record = await this.#records.byUsername(username);
      if (!record || record.changedKey) throw keyChanged(username);
      return record;
    });
  }

  async byKey(accountKey: Uint8Array): Promise<KnownAccount | undefined> {
    return await asEngineErrors(() => this.#records.byKey(accountKey));
  }

  async refresh(accountKeys: Uint8Array[]): Promise<KnownAccount[]> {
    return await asEngineErrors(async () => {
      const wanted = [...new Map(accountKeys.map((key) => [toHex(key), new Uint8Array(key)])).values()];
      const changed: KnownAccount[] = [];
      for (let index = 0; index < wanted.length; index += batchSize) {
        const batch = wanted.slice(index, index + batchSize);
        const { accounts } = await this.#options.rpc.call(authentication.lookupAccounts, { accountKeys: batch });
        for (const account of accounts) {
          if (!batch.some((key) => equalBytes(key, account.accountKey))) throw new MalformedError("lookupAccounts: an answer for another key");
          const record = await this.take(account);
          if (record) changed.push(record);
        }
      }
      return changed;
    });
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

  async acceptChangedKey(username: string): Promise<KnownAccount> {
    return await asEngineErrors(async () => {
      const { account } = await this.#options.rpc.call(authentication.lookup, { username });
      const fresh = await this.#opened(account);
      return await this.#taking.runExclusive(async () => {
        const old = await this.#records.byUsername(username);
        if (!old?.changedKey) return old ?? await this.#pin(fresh);
        if (!equalBytes(old.changedKey, account.accountKey)) throw keyChanged(username);
        return await this.#pin(fresh, old.accountKey);
      });
    });
  }

  async setVerified(accountKey: Uint8Array, verified: boolean): Promise<void> {
    await asEngineErrors(() =>
      this.#taking.runExclusive(async () => {
        const record = await this.#records.byKey(accountKey);
        if (!record || record.verified === verified) return;
        await this.#records.save({ ...record, verified });
        this.#options.onPinned?.();
      })
    );
  }

  async requireUnchanged(accountKeys: Uint8Array[]): Promise<void> {
    for (const accountKey of accountKeys) {
      const record = await this.byKey(accountKey);
      if (record?.changedKey) throw keyChanged(record.username);
    }
  }

  /** Pins for the vault: what is known here and what came from it. */
  async pins(): Promise<Pin[]> {
    const known = (await this.#records.all()).map(({ username, accountKey, firstSeenMs, verified }) => ({ username, accountKey, firstSeen: firstSeenMs, verified }));
    const names = new Set(known.map(({ username }) => username));
    return [...known, ...[...this.#vaultPins.values()].filter(({ username }) => !names.has(username))];
  }

  /** Pins that other devices made: they count here when the account is first looked up, and a differing one of a known account marks it as changed. */
  async importPins(pins: Pin[]): Promise<void> {
    for (const pin of pins) this.#vaultPins.set(pin.username, pin);
    await this.#options.store.write({ puts: [{ store: "accounts", key: vaultPinsKey, value: [...this.#vaultPins.values()] }] });
  }

  /** Reads the pins that an earlier run imported. */
  async load(): Promise<void> {
    for (const pin of await this.#options.store.get<Pin[]>("accounts", vaultPinsKey) ?? []) this.#vaultPins.set(pin.username, pin);
  }

  /**
   * Compares an answer of the server with pin and newest list, and stores what is new.
   *
   * @returns the record when it is new or its list is newer
   * @throws MalformedError when the list does not prove what it says
   */
  async take(account: Account): Promise<AccountRecord | undefined> {
    const fresh = await this.#opened(account);
    return await this.#taking.runExclusive(async () => {
      const stored = await this.#records.byKey(fresh.accountKey);
      if (!stored) return await this.#firstSight(fresh);
      const verdict = await judgeDeviceList({ list: stored.devices, bytes: stored.signed.list }, { list: fresh.devices, bytes: fresh.signed.list });
      if (verdict.kind === "refused") this.#options.onProblem?.({ code: LocalCode.keyChanged, detail: `device list of ${stored.username} refused: ${verdict.reason}` });
      // The pinned key is back: there is nothing left to decide.
      const { changedKey: _settled, ...unchanged } = stored;
      const record = verdict.kind === "newer" ? { ...unchanged, devices: fresh.devices, signed: fresh.signed } : unchanged;
      if (verdict.kind === "newer" || (stored.changedKey && verdict.kind === "same")) await this.#records.save(record);
      return verdict.kind === "newer" ? record : undefined;
    });
  }

  async #firstSight(fresh: AccountRecord): Promise<AccountRecord | undefined> {
    const pinned = await this.#records.byUsername(fresh.username);
    if (pinned) {
      await this.#records.save({ ...pinned, changedKey: fresh.accountKey });
      this.#options.onProblem?.({ code: LocalCode.keyChanged, detail: `${fresh.username} answers with another account key than the pinned one` });
      return undefined;
    }
    const pin = this.#vaultPins.get(fresh.username);
    if (pin && !equalBytes(pin.accountKey, fresh.accountKey)) {
      this.#options.onProblem?.({ code: LocalCode.keyChanged, detail: `${fresh.username} answers with another account key than the one pinned in the vault` });
      return undefined;
    }
    return await this.#pin(pin ? { ...fresh, firstSeenMs: pin.firstSeen, verified: pin.verified } : fresh);
  }

  async #pin(record: AccountRecord, replaces?: Uint8Array): Promise<AccountRecord> {
    await this.#records.save(record, replaces);
    this.#options.onPinned?.();
    return record;
  }

  async #opened({ username, accountKey, devices: signed }: Account): Promise<AccountRecord> {
    const devices = await openDeviceList(signed);
    if (devices.username !== username || !equalBytes(devices.accountKey, accountKey)) throw new MalformedError("directory: the device list is of another account");
    return { username, accountKey, devices, signed, firstSeenMs: this.#options.clock.now(), verified: false };
  }

  async #judge(credential: DeviceCredential, leafSignatureKey: Bytes, use: TrustUse): Promise<{ verdict: "good" } | { verdict: "bad" | "unknown"; reason: string }> {
    const account = await this.#records.byKey(credential.accountKey);
    if (!account) {
      const other = await this.#records.byUsername(credential.username);
      return { verdict: "unknown", reason: other ? `${credential.username} is pinned to another account key` : `the directory does not know the account of ${credential.username}` };
    }
    if (account.username !== credential.username) return { verdict: "bad", reason: "the account has another username" };
    if (account.devices.revoked.some((id) => equalBytes(id, credential.deviceId))) {
      // Members learn of a revocation at different times. A leaf that stood in the tree before it is no fault of the tree: it is removed by a commit (isRevoked), and refusing
      // the tree or an older commit would split the group. It may never come in anew.
      return use === "add" ? { verdict: "bad", reason: `the device of ${account.username} is revoked` } : { verdict: "good" };
    }
    const listed = account.devices.devices.some(({ deviceId, recipientKey }) => equalBytes(deviceId, credential.deviceId) && equalBytes(recipientKey, leafSignatureKey));
    return listed ? { verdict: "good" } : { verdict: "unknown", reason: `the device is not in the newest device list of ${account.username}` };
  }
}

const vaultPinsKey = "vault-pins";

function keyChanged(username: string): EngineError {
  return new EngineError({ code: LocalCode.keyChanged, detail: `${username} answers with another account key than the pinned one` });
}
