/** The one account of this profile: making it, signing in, coming back to it, leaving it. */

import { equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import { openDeviceList } from "../../schema/device_list.ts";
import type { OpenStream } from "../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { isUsername } from "../../schema/username.ts";
import type { AccountState, DeviceInfo, Progress } from "../api/engine_api.ts";
import { EngineError, type EngineProblem, LocalCode } from "../api/errors.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { checkSentinel, newSentinel, type PageSentinel } from "../storage/sentinel.ts";
import { clockWarningMs, ServerClock } from "./server_clock.ts";
import { credentialOf, type StoredDevice } from "./devices/device.ts";
import { AccountDirectory } from "./directory/directory.ts";
import { accountPut } from "./directory/directory_store.ts";
import { createAccountOnServer, enrollDevice, type Enrolled, type Enrolment, signInAgain } from "./sign_in/enroll.ts";
import { asEngineErrors, wireProblem } from "./errors.ts";
import { KeyPackageKeeper } from "./key_packages/key_packages.ts";
import { type OpaqueSuite, suite1 } from "./sign_in/opaque_client.ts";
import { checkedPassword, normalisedPassword } from "./sign_in/password.ts";
import {
  type Confirmed,
  newPassword,
  newRecoveryCode,
  revokeFromList,
  withPassword,
} from "./sign_in/password_guard.ts";
import { recoverAccount } from "./sign_in/recovery.ts";
import { parseRecoveryCode } from "./sign_in/recovery_code.ts";
import { sessionAuth, SessionRpc, type StoredSession } from "./sign_in/session.ts";
import type { AccountContext, Accounts } from "./types.ts";
import { type StoredVault, VaultSync } from "./vault/vault_keeper.ts";

export interface AccountManagerOptions {
  /** The fence taken already. */
  store: SealedStore;
  /** Opens a stream on the present connection; rejects while there is none. */
  openStream: OpenStream;
  onState?(state: AccountState): void;
  onProgress?(progress: Progress | undefined): void;
  onProblem?(problem: EngineProblem): void;
  /** The page's side of the eviction sentinel; the CLI has none. */
  page?: PageSentinel;
  /** The device's clock, ms. */
  deviceNow?: () => number;
  /** KeyPackages that the server should have at any time. */
  wantedKeyPackages?: number | undefined;
  /** Tests only: a cheaper memory-hard function. */
  suite?: OpaqueSuite;
}

/** What storage holds under account/time: see {@link ServerClock.reachedMs}. */
interface StoredTime {
  reachedMs: number;
}

const timePut = ({ reachedMs }: ServerClock) => ({
  store: "account" as const,
  key: "time",
  value: { reachedMs } satisfies StoredTime,
});

/** Codes after which the same device may go on once the user signs in again: only its session is over. */
const sessionOver = new Set(["E001", "E002"]);
const logoutTimeoutMs = 5_000;

/**
 * Who is signed in on this device, and everything that belongs to the account: making it, signing in and out,
 * the password, its devices.
 */
export class AccountManager implements Accounts {
  readonly #options: AccountManagerOptions;
  readonly #clock: ServerClock;
  #state: AccountState = { kind: "signed-out" };
  #context:
    | (AccountContext & { readonly rpc: SessionRpc; readonly vault: VaultSync; readonly directory: AccountDirectory })
    | undefined;
  /** Devices that lived in this profile and must never act again. */
  #lost: { username: string; deviceId: string }[] = [];

  constructor(options: AccountManagerOptions) {
    this.#options = options;
    this.#clock = new ServerClock(options.deviceNow);
  }

  get state(): AccountState {
    return this.#state;
  }

  get context(): AccountContext | undefined {
    return this.#context;
  }

  async resume(): Promise<AccountState> {
    return await asEngineErrors(async () => {
      const { store, page } = this.#options;
      const sentinel = page ? await checkSentinel(store, page) : undefined;
      if (sentinel?.kind === "evicted") {
        this.#lost.push(sentinel.device);
        // What another enrolment left here belongs to no device that may act.
        await this.#options.store.clear();
        return this.#become({ kind: "ended", username: sentinel.device.username, code: "evicted" });
      }
      const [device, session] = await Promise.all([
        store.get<StoredDevice>("account", "device"),
        store.get<StoredSession>("account", "session"),
      ]);
      if (!device || !session) return this.#become({ kind: "signed-out" });
      if (session.endedBy) return this.#become({ kind: "ended", username: device.username, code: session.endedBy });
      return await this.#begin(device, session);
    });
  }

  async createAccount(username: string, password: string, inviteCode = ""): Promise<{ recoveryCode: string }> {
    return await this.#reporting(async () => {
      const enrolment = this.#enrolment(username, checkedPassword(password, username), "registering");
      const { recoveryCode, ...enrolled } = await createAccountOnServer(enrolment, inviteCode);
      await this.#keep(enrolled);
      await this.#firstStock("registering");
      return { recoveryCode };
    });
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.#reporting(async () => {
      const enrolment = this.#enrolment(username, normalisedPassword(password), "signing-in");
      await this.#keep(await this.#oldDeviceAgain(enrolment) ?? await this.#newDevice(enrolment));
      await this.#firstStock("signing-in");
    });
  }

  async devices(): Promise<DeviceInfo[]> {
    return await asEngineErrors(async () => {
      const { accountKey, deviceId, rpc, directory } = this.#signedIn();
      await directory.refresh([accountKey]);
      const { sessions } = await rpc.call(authentication.listSessions, {});
      const own = await directory.byKey(accountKey);
      return (own?.devices.devices ?? []).map((device) => {
        const live = sessions.filter((session) => equalBytes(session.deviceId, device.deviceId));
        return {
          deviceId: toHex(device.deviceId),
          current: equalBytes(device.deviceId, deviceId),
          sessions: live.length,
          ...(live.length > 0 &&
            {
              lastUsedMs: Math.max(...live.map(({ lastUsedMs }) => lastUsedMs)),
              createdMs: Math.min(...live.map(({ createdMs }) => createdMs)),
            }),
        };
      });
    });
  }

  async revokeDevice(deviceId: string, password: string): Promise<void> {
    await this.#reporting(async () => {
      if (!/^[0-9a-f]{32}$/.test(deviceId)) {
        throw wireProblem(ErrorCode.unknownRecipient, "the account has no such device");
      }
      const { accountKey, directory } = this.#signedIn();
      await this.#withPassword(password, async (confirmed) => {
        await directory.take(
          await revokeFromList(fromHex(deviceId), (await directory.seenList(accountKey))!, confirmed),
        );
      });
    });
  }

  async changePassword(oldPassword: string, newPasswordText: string): Promise<void> {
    await this.#reporting(async () => {
      const context = this.#signedIn();
      const password = checkedPassword(newPasswordText, context.username);
      await this.#withPassword(oldPassword, async (confirmed, enrolment) => {
        const write = await newPassword(enrolment, password, confirmed);
        // Before the call: if its answer is lost this device stays signed in all the same, whichever password
        // is good now.
        const before = await this.#useSession(confirmed);
        try {
          await context.vault.rewrap(write);
        } finally {
          // Ended with the change already, or superfluous if it failed.
          await before.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
        }
      });
    });
  }

  async newRecoveryCode(password: string): Promise<{ recoveryCode: string }> {
    return await this.#reporting(async () => {
      const { vault } = this.#signedIn();
      return await this.#withPassword(password, async (confirmed) => {
        const { recoveryCode, write } = newRecoveryCode(confirmed);
        await vault.rewrap(write);
        return { recoveryCode };
      });
    });
  }

  async recover(username: string, recoveryCode: string, newPasswordText: string): Promise<{ recoveryCode: string }> {
    const next = await this.#reporting(async () => {
      const enrolment = this.#enrolment(username, checkedPassword(newPasswordText, username), "signing-in");
      const device = await this.#options.store.get<StoredDevice>("account", "device");
      const vault = device?.username === username
        ? await this.#options.store.get<StoredVault>("account", "vault")
        : undefined;
      return await recoverAccount(enrolment, parseRecoveryCode(recoveryCode), vault?.version);
    });
    // The new password is good from here on: a sign-in that fails can be made up for, the new code can not.
    await this.signIn(username, newPasswordText).catch((error) =>
      this.#options.onProblem?.((error as EngineError).problem)
    );
    return next;
  }

  /**
   * Runs `work` with what the password opens. The session of it ends afterwards, unless this device has gone
   * over to it.
   */
  async #withPassword<T>(
    password: string,
    work: (confirmed: Confirmed, enrolment: Enrolment) => Promise<T>,
  ): Promise<T> {
    const { username } = this.#signedIn();
    const device = (await this.#options.store.get<StoredDevice>("account", "device"))!;
    const enrolment = this.#opaque(username, normalisedPassword(password), "signing-in");
    return await withPassword(enrolment, device, async (confirmed) => {
      try {
        return await work(confirmed, enrolment);
      } finally {
        // Left alone it would end by itself: a lost answer is no fault.
        if (this.#context?.rpc.accessToken !== confirmed.session.accessToken) {
          await confirmed.rpc.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
        }
      }
    });
  }

  /** @returns calls of the session before */
  async #useSession({ session, device }: Confirmed): Promise<RpcClient> {
    const { rpc } = this.#signedIn();
    const before = sessionAuth(rpc.accessToken, device.deviceId);
    const stored: StoredSession = { accessToken: session.accessToken, expiresMs: session.expiresMs };
    await this.#options.store.write({ puts: [{ store: "account", key: "session", value: stored }] });
    rpc.useSession(sessionAuth(session.accessToken, device.deviceId));
    return new RpcClient(this.#options.openStream, () => before);
  }

  #signedIn() {
    if (!this.#context) throw new EngineError({ code: LocalCode.notSignedIn, detail: "nobody is signed in" });
    return this.#context;
  }

  async signOut(): Promise<void> {
    await asEngineErrors(async () => {
      // The server may be away; then the session ends there by itself.
      await this.#context?.rpc.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
      this.#context?.deviceSeed.fill(0);
      this.#context = undefined;
      await this.#options.store.clear();
      await this.#options.page?.remove();
      this.#become({ kind: "signed-out" });
    });
  }

  async syncClock(): Promise<number> {
    return await asEngineErrors(async () => {
      const offsetMs = await this.#clock.measure(new RpcClient(this.#options.openStream));
      if (this.#context) await this.#options.store.write({ puts: [timePut(this.#clock)] });
      if (Math.abs(offsetMs) > clockWarningMs) {
        this.#options.onProblem?.({
          code: LocalCode.clockOff,
          detail: `this device's clock is off by ${Math.round(offsetMs / 60_000)} minutes`,
        });
      }
      this.#context?.vault.inBackground(() => {});
      return offsetMs;
    });
  }

  #enrolment(username: string, password: string, task: "registering" | "signing-in"): Enrolment {
    if (this.#state.kind === "signed-in") {
      throw new EngineError({ code: LocalCode.alreadySignedIn, detail: "this profile is signed in" });
    }
    if (!isUsername(username)) {
      throw wireProblem(
        ErrorCode.usernameInvalidOrTaken,
        "a username has 3 to 32 of a–z 0–9 . _ - and begins with a letter",
      );
    }
    return this.#opaque(username, password, task);
  }

  /** What an OPAQUE handshake needs, reporting its memory-hard step. */
  #opaque(username: string, password: string, task: "registering" | "signing-in"): Enrolment {
    const { openStream, suite = suite1, onProgress } = this.#options;
    const reporting: OpaqueSuite = {
      tag: suite.tag,
      harden: async (y) => {
        onProgress?.({ task: "password" });
        const hardened = await suite.harden(y);
        onProgress?.({ task });
        return hardened;
      },
    };
    onProgress?.({ task });
    return { openStream, suite: reporting, username, password };
  }

  /** A device whose session alone is over goes on as it is: it has its groups and its history. */
  async #oldDeviceAgain(enrolment: Enrolment): Promise<Enrolled | undefined> {
    if (this.#state.kind !== "ended" || !sessionOver.has(this.#state.code)) return undefined;
    const device = await this.#options.store.get<StoredDevice>("account", "device");
    return device?.username === enrolment.username ? await signInAgain(enrolment, device) : undefined;
  }

  async #newDevice(enrolment: Enrolment): Promise<Enrolled> {
    const { store } = this.#options;
    const [old, vault] = await Promise.all([
      store.get<StoredDevice>("account", "device"),
      store.get<StoredVault>("account", "vault"),
    ]);
    const sameAccount = old?.username === enrolment.username;
    const revoke = [
      ...this.#lost.filter(({ username }) => username === enrolment.username).map(({ deviceId }) => fromHex(deviceId)),
      ...(sameAccount ? [old.deviceId] : []),
    ];
    const enrolled = await enrollDevice(enrolment, revoke, sameAccount ? vault?.version : undefined);
    // Groups, keys and history of the device before belong to it alone.
    if (old) await store.clear();
    return enrolled;
  }

  /** One write makes the device whole: all of what it needs, or nothing. */
  async #keep({ device, session, vault, pins, account }: Enrolled): Promise<void> {
    const { store, page } = this.#options;
    const sentinel = newSentinel({ username: device.username, deviceId: toHex(device.deviceId) });
    const signed = account.devices;
    const own = {
      username: account.username,
      accountKey: account.accountKey,
      devices: await openDeviceList(signed),
      signed,
      firstSeenMs: this.#clock.now(),
      verified: true,
      decisionCount: 0,
    };
    const stored: StoredSession = { accessToken: session.accessToken, expiresMs: session.expiresMs };
    await store.write({
      puts: [
        { store: "account", key: "device", value: device },
        { store: "account", key: "session", value: stored },
        timePut(this.#clock),
        ...(vault ? [{ store: "account" as const, key: "vault", value: vault }, accountPut(own)] : []),
        sentinel.put,
      ],
    });
    await page?.set(sentinel.text);
    await this.#begin(device, stored);
    await this.#context?.directory.importPins(
      pins.filter(({ accountKey }) => !equalBytes(accountKey, device.accountKey)),
    );
  }

  async #firstStock(task: "registering" | "signing-in"): Promise<void> {
    try {
      // KeyPackages made by a wrong clock would be refused (E022).
      if (!this.#clock.measured) await this.syncClock();
      await this.#context?.keyPackages.replenish((done, total) => this.#options.onProgress?.({ task, done, total }));
    } catch (error) {
      // The account is made and the recovery code must be shown: what can not be uploaded now is uploaded
      // after the next connect.
      this.#options.onProblem?.((error as EngineError).problem);
    }
  }

  async #begin(device: StoredDevice, session: StoredSession): Promise<AccountState> {
    const { store, openStream, onProblem } = this.#options;
    const { username, accountKey, deviceId, recipientKey, deviceSeed } = device;
    const rpc = new SessionRpc(
      openStream,
      sessionAuth(session.accessToken, deviceId),
      (code) => void this.#end(device, code),
    );
    const clock = this.#clock;
    const credential = credentialOf(device);
    const directory: AccountDirectory = new AccountDirectory({
      store,
      rpc,
      clock,
      ownUsername: username,
      onPinned: () => vault.inBackground(() => {}),
      onProblem,
    });
    const vault = new VaultSync({
      store,
      rpc,
      device,
      accountKey,
      pins: async () => (await directory.pins()).filter((pin) => !equalBytes(pin.accountKey, accountKey)),
      onVaultPins: (pins) => directory.importPins(pins),
      onProblem,
    });
    const keyPackages = new KeyPackageKeeper({
      store,
      rpc,
      clock,
      device,
      credential,
      wantedStock: this.#options.wantedKeyPackages,
    });
    await directory.load();
    clock.remember((await store.get<StoredTime>("account", "time"))?.reachedMs ?? 0);
    const { trust, isRevoked } = directory;
    this.#context = {
      username,
      accountKey,
      deviceId,
      recipientKey,
      deviceSeed,
      credential,
      rpc,
      directory,
      keyPackages,
      vault,
      trust,
      isRevoked,
      clock,
    };
    return this.#become({ kind: "signed-in", username, accountKey: toHex(accountKey), deviceId: toHex(deviceId) });
  }

  async #end(device: StoredDevice, code: string): Promise<void> {
    if (this.#context?.deviceId !== device.deviceId) return;
    this.#context = undefined;
    this.#become({ kind: "ended", username: device.username, code });
    const ended: StoredSession = { accessToken: new Uint8Array(), expiresMs: 0, endedBy: code };
    // Fails only when storage is gone or another engine has taken over; the next start is told by the server again.
    await this.#options.store.write({ puts: [{ store: "account", key: "session", value: ended }] }).catch(() => {});
  }

  #become(state: AccountState): AccountState {
    this.#state = state;
    this.#options.onState?.(state);
    return state;
  }

  async #reporting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await asEngineErrors(work);
    } finally {
      this.#options.onProgress?.(undefined);
    }
  }
}
