/**
 * The directory as this device sees it: accounts pinned at first sight, their newest device lists, and what
 * follows from both for MLS leaves (specification §1.3, §1.6).
 */

import { Mutex } from "async-mutex";
import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import { openDeviceList } from "../../../schema/device_list.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { codeName, ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../schema/rpc/methods.ts";
import { EngineError, type EngineProblem, LocalCode } from "../../api/errors.ts";
import type { Trust, TrustUse } from "../../mls/types.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import { judgeDeviceList, type SeenList } from "../devices/device_list_check.ts";
import { type AccountRecord, DirectoryStore } from "./directory_store.ts";
import { asEngineErrors } from "../errors.ts";
import type { Directory, KnownAccount, ServerTime } from "../types.ts";
import { type Pin, supersedesPin } from "../vault/vault.ts";

/** The server's limit for one `lookupAccounts`. */
const batchSize = 100;
const maxFound = 20;

export interface DirectoryOptions {
  store: SealedStore;
  rpc: RpcClient;
  clock: ServerTime;
  ownUsername: string;
  /** Told when a pin is new or has changed: it belongs into the vault. */
  onPinned?(): void;
  /** Told of answers that were refused: the server shows a past list, or another key than the pinned one. */
  onProblem?(problem: EngineProblem): void;
}

/** The directory as this device sees it: {@link Directory} over the server's answers and what is stored. */
export class AccountDirectory implements Directory {
  readonly #options: DirectoryOptions;
  readonly #records: DirectoryStore;
  /** One answer at a time is compared and stored. */
  readonly #taking = new Mutex();
  /** Pins that came with the vault, for accounts that were not looked up here yet. */
  readonly #vaultPins = new Map<string, Pin>();

  readonly #watchers = new Set<(account: KnownAccount) => void>();
  readonly #pinWatchers = new Set<() => void>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#records = new DirectoryStore(options.store, () => {
      for (const tell of this.#pinWatchers) tell();
    });
  }

  readonly trust: Trust = async (credential, leafSignatureKey, use) => {
    const first = await this.#judge(credential, leafSignatureKey, use);
    if (first.verdict !== "unknown") return first.verdict === "good" ? true : first.reason;
    await this.refresh([credential.accountKey]);
    const second = await this.#judge(credential, leafSignatureKey, use);
    return second.verdict === "good" ? true : second.reason;
  };

  readonly isRevoked = async (credential: DeviceCredential): Promise<boolean> => {
    const revokes = async () =>
      (await this.#records.byKey(credential.accountKey))?.devices.revoked.some((id) =>
        equalBytes(id, credential.deviceId)
      ) ?? false;
    if (await revokes()) return true;
    // Another member may have seen the revocation before this device did.
    await this.refresh([credential.accountKey]).catch(() => {});
    return await revokes();
  };

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

  async refresh(accountKeys: Uint8Array[]): Promise<KnownAccount[]> {
    return await asEngineErrors(async () => {
      const wanted = [...new Map(accountKeys.map((key) => [toHex(key), new Uint8Array(key)])).values()];
      const changed: KnownAccount[] = [];
      for (let index = 0; index < wanted.length; index += batchSize) {
        for (const account of await this.#lookup(wanted.slice(index, index + batchSize))) {
          const record = await this.take(account);
          if (record) changed.push(record);
        }
      }
      return changed;
    });
  }

  /**
   * Long lists of devices can make an answer too large for one message: then in two halves. An account whose
   * list alone is too large is left as it was.
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
      const fresh = await this.#opened(account);
      if (fresh.username !== username || !equalBytes(fresh.accountKey, accountKey)) throw otherKey(username);
      return await this.#taking.runExclusive(async () => {
        const old = await this.#records.byUsername(username);
        if (old && !old.changedKey && equalBytes(old.accountKey, accountKey)) return old;
        const vaultPin = this.#vaultPins.get(username);
        if (!old && !(vaultPin && !equalBytes(vaultPin.accountKey, accountKey))) return await this.#pin(fresh);
        const decided = Math.max(old?.decided ?? 0, vaultPin?.decided ?? 0) + 1;
        return await this.#pin(
          { ...fresh, decided },
          old && !equalBytes(old.accountKey, fresh.accountKey) ? old.accountKey : undefined,
        );
      });
    });
  }

  async setVerified(accountKey: Uint8Array, verified: boolean): Promise<void> {
    await asEngineErrors(() =>
      this.#taking.runExclusive(async () => {
        const record = await this.#records.byKey(accountKey);
        if (!record || record.verified === verified) return;
        await this.#records.save({ ...record, verified, decided: record.decided + 1 });
        this.#options.onPinned?.();
      })
    );
  }

  async requireUnchanged(members: { username: string; accountKey: Uint8Array }[]): Promise<void> {
    const pinned = new Map((await this.pins()).map((pin) => [pin.username, pin.accountKey]));
    for (const { username, accountKey } of members) {
      const record = await this.byKey(accountKey);
      if (record?.changedKey) throw keyChanged(record.username);
      const pin = pinned.get(username);
      if (pin && !equalBytes(pin, accountKey)) {
        throw new EngineError({
          code: LocalCode.keyReplaced,
          detail: `${username} is pinned to another account key than the one in the chat`,
        });
      }
    }
  }

  watch(newer: (account: KnownAccount) => void): () => void {
    this.#watchers.add(newer);
    return () => this.#watchers.delete(newer);
  }

  watchPins(changed: () => void): () => void {
    this.#pinWatchers.add(changed);
    return () => this.#pinWatchers.delete(changed);
  }

  async pins(): Promise<Pin[]> {
    const known = (await this.#records.all()).map(pinOf);
    const names = new Set(known.map(({ username }) => username));
    return [...known, ...[...this.#vaultPins.values()].filter(({ username }) => !names.has(username))];
  }

  /**
   * Pins that other devices made. They count when an account is first looked up. One that differs from what
   * is pinned here and stands over it (`standsOver`) takes its place when the user decided on it, on another
   * device; else the account's key counts as changed until the user decides.
   */
  async importPins(pins: Pin[]): Promise<void> {
    await this.#taking.runExclusive(async () => {
      for (const pin of pins) this.#vaultPins.set(pin.username, pin);
      await this.#options.store.write({
        puts: [{ store: "accounts", key: vaultPinsKey, value: [...this.#vaultPins.values()] }],
      });
      for (const pin of pins) {
        const record = await this.#records.byUsername(pin.username);
        if (!record || equalBytes(record.accountKey, pin.accountKey)) {
          if (record && pin.decided > record.decided) {
            await this.#records.save({ ...record, decided: pin.decided, verified: pin.verified });
          }
        } else if (pin.decided > record.decided) {
          await this.#records.remove(record.accountKey);
        } else if (
          supersedesPin(pin, pinOf(record)) && !(record.changedKey && equalBytes(record.changedKey, pin.accountKey))
        ) {
          await this.#records.save({ ...record, changedKey: pin.accountKey });
          this.#options.onProblem?.({
            code: LocalCode.keyChanged,
            detail: `another device of this account pinned another key of ${pin.username}`,
          });
        }
      }
    });
  }

  /** Reads the pins that an earlier run imported. */
  async load(): Promise<void> {
    for (const pin of await this.#options.store.get<Pin[]>("accounts", vaultPinsKey) ?? []) {
      this.#vaultPins.set(pin.username, pin);
    }
  }

  /**
   * Compares an answer of the server with pin and newest list, and stores what is new.
   *
   * @param why "asked": the user looks at this account. Any other answer leaves a changed key that waits for
   *   a decision as it is
   * @returns the record when it is new or its list is newer
   * @throws MalformedError when the list does not prove what it says
   */
  async take(account: Account, why: "asked" | "refreshed" = "refreshed"): Promise<AccountRecord | undefined> {
    const fresh = await this.#opened(account);
    return await this.#taking.runExclusive(async () => {
      const stored = await this.#records.byKey(fresh.accountKey);
      if (!stored) return await this.#firstSight(fresh, why);
      const verdict = await judgeDeviceList({ list: stored.devices, bytes: stored.signed.list }, {
        list: fresh.devices,
        bytes: fresh.signed.list,
      });
      if (verdict.kind === "refused") {
        this.#options.onProblem?.({
          code: LocalCode.keyChanged,
          detail: `device list of ${stored.username} refused: ${verdict.reason}`,
        });
      }
      // The pinned key is back: there is nothing left to decide, unless another device of this account had
      // pinned another key before.
      const { changedKey, ...unchanged } = stored;
      const vaultPin = this.#vaultPins.get(stored.username);
      const disputed = changedKey && vaultPin && equalBytes(vaultPin.accountKey, changedKey);
      const settled = disputed ? stored : unchanged;
      const record = verdict.kind === "newer" ? { ...settled, devices: fresh.devices, signed: fresh.signed } : settled;
      if (verdict.kind === "newer" || (changedKey && !disputed && verdict.kind === "same")) {
        await this.#records.save(record);
      }
      if (verdict.kind !== "newer") return undefined;
      for (const tell of this.#watchers) tell(record);
      return record;
    });
  }

  async #firstSight(fresh: AccountRecord, why: "asked" | "refreshed"): Promise<AccountRecord | undefined> {
    const pinned = await this.#records.byUsername(fresh.username);
    if (pinned) {
      // A third key that comes in by the way (a leaf of it in a Welcome is enough) does not take the place of
      // the one whose number is being compared.
      if (why === "asked" || !pinned.changedKey) await this.#records.save({ ...pinned, changedKey: fresh.accountKey });
      this.#options.onProblem?.({
        code: LocalCode.keyChanged,
        detail: `${fresh.username} answers with another account key than the pinned one`,
      });
      return undefined;
    }
    const pin = this.#vaultPins.get(fresh.username);
    if (pin && !equalBytes(pin.accountKey, fresh.accountKey)) {
      this.#options.onProblem?.({
        code: LocalCode.keyChanged,
        detail: `${fresh.username} answers with another account key than the one pinned in the vault`,
      });
      return undefined;
    }
    return await this.#pin(
      pin ? { ...fresh, firstSeenMs: pin.firstSeen, verified: pin.verified, decided: pin.decided } : fresh,
    );
  }

  async #pin(record: AccountRecord, replaces?: Uint8Array): Promise<AccountRecord> {
    await this.#records.save(record, replaces);
    this.#options.onPinned?.();
    return record;
  }

  async #opened({ username, accountKey, devices: signed }: Account): Promise<AccountRecord> {
    const devices = await openDeviceList(signed);
    if (devices.username !== username || !equalBytes(devices.accountKey, accountKey)) {
      throw new MalformedError("directory: the device list is of another account");
    }
    return {
      username,
      accountKey,
      devices,
      signed,
      firstSeenMs: this.#options.clock.now(),
      verified: false,
      decided: 0,
    };
  }

  async #judge(
    credential: DeviceCredential,
    leafSignatureKey: Bytes,
    use: TrustUse,
  ): Promise<{ verdict: "good" } | { verdict: "bad" | "unknown"; reason: string }> {
    const account = await this.#records.byKey(credential.accountKey);
    if (!account) {
      const other = await this.#records.byUsername(credential.username);
      return {
        verdict: "unknown",
        reason: other
          ? `${credential.username} is pinned to another account key`
          : `the directory does not know the account of ${credential.username}`,
      };
    }
    if (account.username !== credential.username) return { verdict: "bad", reason: "the account has another username" };
    if (account.devices.revoked.some((id) => equalBytes(id, credential.deviceId))) {
      // Members learn of a revocation at different times. A leaf that stood in the tree before it is no fault
      // of the tree: it is removed by a commit (isRevoked), and refusing the tree or an older commit would
      // split the group. It may never come in anew.
      return use === "add"
        ? { verdict: "bad", reason: `the device of ${account.username} is revoked` }
        : { verdict: "good" };
    }
    const listed = account.devices.devices.some(({ deviceId, recipientKey }) =>
      equalBytes(deviceId, credential.deviceId) && equalBytes(recipientKey, leafSignatureKey)
    );
    return listed
      ? { verdict: "good" }
      : { verdict: "unknown", reason: `the device is not in the newest device list of ${account.username}` };
  }
}

const vaultPinsKey = "vault-pins";

function pinOf({ username, accountKey, firstSeenMs, verified, decided }: AccountRecord): Pin {
  return { username, accountKey, firstSeen: firstSeenMs, verified, decided };
}

function otherKey(username: string): EngineError {
  return new EngineError({
    code: LocalCode.otherKey,
    detail: `the account key of ${username} is not the one whose number was shown`,
  });
}

function keyChanged(username: string): EngineError {
  return new EngineError({
    code: LocalCode.keyChanged,
    detail: `${username} answers with another account key than the pinned one`,
  });
}
