/**
 * Accounts pinned at first sight (specification §1.6): compares answers of the server and the vault with this
 * device's pins and device lists, and stores new facts.
 */

import { Mutex } from "async-mutex";
import { equalBytes } from "../../../schema/bytes.ts";
import { openDeviceList } from "../../../schema/device_list.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import type { Account } from "../../../schema/rpc/methods.ts";
import { EngineError, type EngineProblem, LocalCode } from "../../api/errors.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import { judgeDeviceList } from "../devices/device_list_check.ts";
import type { KnownAccount, ServerTime } from "../types.ts";
import { type Pin, pinFromStored, pinToStored, type StoredPin, supersedesPin } from "../vault/pins.ts";
import type { AccountRecord, DirectoryStore } from "./directory_store.ts";

/** Where the pins of the vault are stored, in the store "accounts". */
const vaultPinsKey = "vault-pins";

export interface PinnedAccountsOptions {
  store: SealedStore;
  clock: ServerTime;
  /** Called when a pin is new or has changed: the vault has to hold it. */
  onPinned?(): void;
  /** Called for refused answers: the server shows an old list, or another key than the pinned one. */
  onProblem?(problem: EngineProblem): void;
}

export class PinnedAccounts {
  readonly #options: PinnedAccountsOptions;
  readonly #records: DirectoryStore;
  /** Answers are compared and stored one at a time. */
  readonly #comparing = new Mutex();
  /** Pins of the vault, for accounts that were not looked up on this device yet. */
  readonly #vaultPins = new Map<string, Pin>();
  readonly #watchers = new Set<(account: KnownAccount) => void>();

  constructor(options: PinnedAccountsOptions, records: DirectoryStore) {
    this.#options = options;
    this.#records = records;
  }

  /** Reads the pins that an earlier run imported. */
  async load(): Promise<void> {
    for (const pin of await this.#options.store.get<StoredPin[]>("accounts", vaultPinsKey) ?? []) {
      this.#vaultPins.set(pin.username, pinFromStored(pin));
    }
  }

  /** @returns the pins of this device, and those of the vault for names that were not looked up here yet */
  async all(): Promise<Pin[]> {
    const known = (await this.#records.all()).map(pinOf);
    const names = new Set(known.map(({ username }) => username));
    return [...known, ...[...this.#vaultPins.values()].filter(({ username }) => !names.has(username))];
  }

  /** @returns the pins of the newest vault that this device has seen */
  ofVault(): Pin[] {
    return [...this.#vaultPins.values()];
  }

  /** @param newer told of every newer device list @returns ends that */
  watch(newer: (account: KnownAccount) => void): () => void {
    this.#watchers.add(newer);
    return () => this.#watchers.delete(newer);
  }

  /** @throws EngineError L007, L016: see `Directory.requireUnchanged` */
  async requireUnchanged(members: { username: string; accountKey: Uint8Array }[]): Promise<void> {
    const pinned = new Map((await this.all()).map((pin) => [pin.username, pin.accountKey]));
    for (const { username, accountKey } of members) {
      const record = await this.#records.byKey(accountKey);
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

  /** The user compared the safety numbers, or withdraws that. */
  async setVerified(accountKey: Uint8Array, verified: boolean): Promise<void> {
    await this.#comparing.runExclusive(async () => {
      const record = await this.#records.byKey(accountKey);
      if (!record || record.verified === verified) return;
      await this.#records.save({ ...record, verified, decisionCount: record.decisionCount + 1 });
      this.#options.onPinned?.();
    });
  }

  /**
   * Pins the key that the user accepts, in place of the former one.
   *
   * @param account the server's answer for `username`
   * @param accountKey 32 bytes: the key whose safety number the user has seen
   * @throws EngineError L017 when the answer has another key, MalformedError
   */
  async accept(account: Account, username: string, accountKey: Uint8Array): Promise<KnownAccount> {
    const fresh = await this.#opened(account);
    if (fresh.username !== username || !equalBytes(fresh.accountKey, accountKey)) throw otherKey(username);
    return await this.#comparing.runExclusive(async () => {
      const old = await this.#records.byUsername(username);
      if (old && !old.changedKey && equalBytes(old.accountKey, accountKey)) return old;
      const vaultPin = this.#vaultPins.get(username);
      if (!old && !(vaultPin && !equalBytes(vaultPin.accountKey, accountKey))) return await this.#pin(fresh);
      const decisionCount = Math.max(old?.decisionCount ?? 0, vaultPin?.decisionCount ?? 0) + 1;
      return await this.#pin(
        { ...fresh, decisionCount },
        old && !equalBytes(old.accountKey, fresh.accountKey) ? old.accountKey : undefined,
      );
    });
  }

  /**
   * Imports pins of the account's other devices. They count when an account is first looked up. A pin that
   * supersedes this device's replaces it when the user made the decision on the other device. Without a
   * decision the account's key counts as changed until the user decides.
   */
  async importPins(pins: Pin[]): Promise<void> {
    await this.#comparing.runExclusive(async () => {
      for (const pin of pins) this.#vaultPins.set(pin.username, pin);
      const value: StoredPin[] = [...this.#vaultPins.values()].map(pinToStored);
      await this.#options.store.write({ puts: [{ store: "accounts", key: vaultPinsKey, value }] });
      for (const pin of pins) await this.#importPin(pin);
    });
  }

  async #importPin(pin: Pin): Promise<void> {
    const record = await this.#records.byUsername(pin.username);
    if (!record) return;
    if (equalBytes(record.accountKey, pin.accountKey)) {
      if (pin.decisionCount > record.decisionCount) {
        await this.#records.save({ ...record, decisionCount: pin.decisionCount, verified: pin.verified });
      }
    } else if (pin.decisionCount > record.decisionCount) {
      await this.#records.remove(record.accountKey);
    } else if (
      supersedesPin(pin, pinOf(record)) && !(record.changedKey && equalBytes(record.changedKey, pin.accountKey))
    ) {
      await this.#records.save({ ...record, changedKey: pin.accountKey });
      this.#refused(`another device of this account pinned another key of ${pin.username}`);
    }
  }

  /**
   * Compares an answer of the server with the pin and the newest device list, and stores what is new.
   *
   * @param why "asked": the user looks at this account. Any other answer does not replace a changed key that
   *   waits for the user's decision
   * @returns the record when it is new or its list is newer
   * @throws MalformedError for a list that is not validly signed by the account
   */
  async take(account: Account, why: "asked" | "refreshed" = "refreshed"): Promise<AccountRecord | undefined> {
    const fresh = await this.#opened(account);
    return await this.#comparing.runExclusive(async () => {
      const stored = await this.#records.byKey(fresh.accountKey);
      return stored ? await this.#takeList(stored, fresh) : await this.#firstSight(fresh, why);
    });
  }

  async #takeList(stored: AccountRecord, fresh: AccountRecord): Promise<AccountRecord | undefined> {
    const verdict = await judgeDeviceList({ list: stored.devices, bytes: stored.signed.list }, {
      list: fresh.devices,
      bytes: fresh.signed.list,
    });
    if (verdict.kind === "refused") this.#refused(`device list of ${stored.username} refused: ${verdict.reason}`);
    // The server answers with the pinned key again, so there is nothing left to decide, unless another device of
    // this account had pinned the other key.
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
  }

  async #firstSight(fresh: AccountRecord, why: "asked" | "refreshed"): Promise<AccountRecord | undefined> {
    const pinned = await this.#records.byUsername(fresh.username);
    if (pinned) {
      // The user may be comparing the number of a second key. A third key that came without the user's question
      // (a leaf of it in a Welcome is enough) does not replace it.
      if (why === "asked" || !pinned.changedKey) await this.#records.save({ ...pinned, changedKey: fresh.accountKey });
      this.#refused(`${fresh.username} answers with another account key than the pinned one`);
      return undefined;
    }
    const pin = this.#vaultPins.get(fresh.username);
    if (pin && !equalBytes(pin.accountKey, fresh.accountKey)) {
      this.#refused(`${fresh.username} answers with another account key than the one pinned in the vault`);
      return undefined;
    }
    const { firstSeen, verified, decisionCount } = pin ?? pinOf(fresh);
    return await this.#pin({ ...fresh, firstSeenMs: firstSeen, verified, decisionCount });
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
    const firstSeenMs = this.#options.clock.now();
    return { username, accountKey, devices, signed, firstSeenMs, verified: false, decisionCount: 0 };
  }

  #refused(detail: string): void {
    this.#options.onProblem?.({ code: LocalCode.keyChanged, detail });
  }
}

function pinOf({ username, accountKey, firstSeenMs, verified, decisionCount }: AccountRecord): Pin {
  return { username, accountKey, firstSeen: firstSeenMs, verified, decisionCount };
}

/** @returns L007: the server answers with another key than the pinned one */
export function keyChanged(username: string): EngineError {
  return new EngineError({
    code: LocalCode.keyChanged,
    detail: `${username} answers with another account key than the pinned one`,
  });
}

/** @returns L017: the user's decision was about another key */
export function otherKey(username: string): EngineError {
  return new EngineError({
    code: LocalCode.otherKey,
    detail: `the account key of ${username} is not the one whose number was shown`,
  });
}
