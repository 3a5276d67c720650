/** The records of the account in storage: device, session, vault key, and the highest measured time. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { openDeviceList } from "../../schema/device_list.ts";
import type { Account } from "../../schema/rpc/methods.ts";
import type { SealedBatch, SealedStore } from "../storage/sealed_store.ts";
import { newSentinel } from "../storage/sentinel.ts";
import type { StoredDevice } from "./devices/device.ts";
import { accountPut, DirectoryStore } from "./directory/directory_store.ts";
import type { Enrolled } from "./sign_in/enroll.ts";
import type { StoredSession } from "./sign_in/session.ts";
import type { StoredVault } from "./vault/vault_keeper.ts";

/** See `ServerClock.reachedMs`. */
interface StoredTime {
  reachedMs: number;
}

type Puts = NonNullable<SealedBatch["puts"]>;

export class AccountRecords {
  readonly #store: SealedStore;

  constructor(store: SealedStore) {
    this.#store = store;
  }

  async device(): Promise<StoredDevice | undefined> {
    return await this.#store.get<StoredDevice>("account", "device");
  }

  async session(): Promise<StoredSession | undefined> {
    return await this.#store.get<StoredSession>("account", "session");
  }

  /** @returns the highest vault version of this account that this device has seen */
  async vaultVersion(): Promise<number | undefined> {
    return (await this.#store.get<StoredVault>("account", "vault"))?.version;
  }

  /** @returns the newest device list of this account that this device has seen */
  async ownList(accountKey: Bytes): Promise<Account["devices"] | undefined> {
    return (await new DirectoryStore(this.#store).byKey(accountKey))?.signed;
  }

  /** @returns ms since the Unix epoch; 0 before the first measurement of the server's clock */
  async reachedMs(): Promise<number> {
    return (await this.#store.get<StoredTime>("account", "time"))?.reachedMs ?? 0;
  }

  async saveSession(session: StoredSession): Promise<void> {
    await this.#store.write({ puts: [{ store: "account", key: "session", value: session }] });
  }

  async saveReached(reachedMs: number): Promise<void> {
    await this.#store.write({ puts: [timePut(reachedMs)] });
  }

  /**
   * Stores an enrolled device in one write, so that a crash leaves all of its records or none.
   *
   * @param nowMs when the own account was first seen
   * @returns the session as it is stored, and the text of the sentinel for the page
   */
  async saveEnrolled(
    { device, session, vault, account }: Enrolled,
    nowMs: number,
    reachedMs: number,
  ): Promise<{ session: StoredSession; sentinelText: string }> {
    const sentinel = newSentinel({ username: device.username, deviceId: toHex(device.deviceId) });
    const own = accountPut({
      username: account.username,
      accountKey: account.accountKey,
      devices: await openDeviceList(account.devices),
      signed: account.devices,
      firstSeenMs: nowMs,
      verified: true,
      decisionCount: 0,
    });
    const stored: StoredSession = { accessToken: session.accessToken, expiresMs: session.expiresMs };
    // A device that only signed in again has its vault key and its own account already.
    const withVault: Puts = vault ? [{ store: "account", key: "vault", value: vault }, own] : [];
    await this.#store.write({
      puts: [
        { store: "account", key: "device", value: device },
        { store: "account", key: "session", value: stored },
        timePut(reachedMs),
        ...withVault,
        sentinel.put,
      ],
    });
    return { session: stored, sentinelText: sentinel.text };
  }
}

function timePut(reachedMs: number): Puts[number] {
  return { store: "account", key: "time", value: { reachedMs } satisfies StoredTime };
}
