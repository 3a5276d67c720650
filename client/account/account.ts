/** The account of this profile: creates it, signs in, resumes and signs out (specification §1). */

import { equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import type { OpenStream } from "../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { isUsername } from "../../schema/username.ts";
import type { AccountState, DeviceInfo, Progress } from "../api/engine_api.ts";
import { EngineError, type EngineProblem, LocalCode } from "../api/errors.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { checkSentinel, type PageSentinel } from "../storage/sentinel.ts";
import { FencedError } from "../storage/storage.ts";
import { AccountRecords } from "./account_records.ts";
import type { StoredDevice } from "./devices/device.ts";
import { asEngineErrors, engineError, isDisconnection } from "./errors.ts";
import { logoutTimeoutMs, PasswordChanges, requireSignedIn } from "./password_changes.ts";
import { clockWarningMs, ServerClock } from "./server_clock.ts";
import { createAccountOnServer, enrollDevice, type Enrolled, type Enrolment, signInAgain } from "./sign_in/enroll.ts";
import { type OpaqueSuite, suite1 } from "./sign_in/opaque.ts";
import { checkedPassword, normalisedPassword } from "./sign_in/password.ts";
import { recoverAccount } from "./sign_in/recovery.ts";
import { parseRecoveryCode } from "./sign_in/recovery_code.ts";
import type { StoredSession } from "./sign_in/session.ts";
import { openSignedInAccount, type SignedInAccount } from "./signed_in_account.ts";
import type { AccountContext, Accounts } from "./types.ts";

export interface AccountManagerOptions {
  /** The fence must be taken already. */
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

/** Codes that end the session and not the device: it continues when the user signs in again. */
const sessionOver = new Set(["E001", "E002"]);

/** The {@link Accounts} of this profile. */
export class AccountManager implements Accounts {
  readonly #options: AccountManagerOptions;
  readonly #clock: ServerClock;
  #state: AccountState = { kind: "signed-out" };
  readonly #records: AccountRecords;
  readonly #passwordChanges: PasswordChanges;
  #context: SignedInAccount | undefined;
  /** Former devices of this profile: they have lost their state and must never act again. */
  #lost: { username: string; deviceId: string }[] = [];

  constructor(options: AccountManagerOptions) {
    this.#options = options;
    this.#clock = new ServerClock(options.deviceNow);
    this.#records = new AccountRecords(options.store);
    this.#passwordChanges = new PasswordChanges({
      records: this.#records,
      openStream: options.openStream,
      current: () => this.#context,
      handshake: (username, password) => this.#handshake(username, password, "signing-in"),
    });
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
        // Records of another enrolment belong to a device that may not act any more.
        await store.clear();
        return this.#become({ kind: "ended", username: sentinel.device.username, code: "evicted" });
      }
      const [device, session] = await Promise.all([this.#records.device(), this.#records.session()]);
      if (!device || !session) return this.#become({ kind: "signed-out" });
      if (session.endedBy) return this.#become({ kind: "ended", username: device.username, code: session.endedBy });
      return await this.#begin(device, session);
    });
  }

  async createAccount(username: string, password: string, inviteCode = ""): Promise<{ recoveryCode: string }> {
    return await this.#reporting(async () => {
      const enrolment = this.#enrolment(username, await checkedPassword(password, username), "registering");
      const { recoveryCode, ...enrolled } = await createAccountOnServer(enrolment, inviteCode);
      await this.#forgetFormerDevice();
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
      const { accountKey, deviceId, rpc, directory } = requireSignedIn(this.#context);
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
    await this.#reporting(() => this.#passwordChanges.revokeDevice(deviceId, password));
  }

  async changePassword(oldPassword: string, newPassword: string): Promise<void> {
    await this.#reporting(() => this.#passwordChanges.changePassword(oldPassword, newPassword));
  }

  async newRecoveryCode(password: string): Promise<{ recoveryCode: string }> {
    return await this.#reporting(() => this.#passwordChanges.newRecoveryCode(password));
  }

  async recover(username: string, recoveryCode: string, newPasswordText: string): Promise<{ recoveryCode: string }> {
    const next = await this.#reporting(async () => {
      const enrolment = this.#enrolment(username, await checkedPassword(newPasswordText, username), "signing-in");
      const isSameAccount = (await this.#records.device())?.username === username;
      const lowestVault = isSameAccount ? await this.#records.vaultVersion() : undefined;
      return await recoverAccount(enrolment, parseRecoveryCode(recoveryCode), lowestVault);
    });
    // The new password is valid from here on. A failed sign-in can be repeated; a lost new code could not be shown.
    await this.signIn(username, newPasswordText).catch((error) =>
      this.#options.onProblem?.((error as EngineError).problem)
    );
    return next;
  }

  async signOut(): Promise<void> {
    await asEngineErrors(async () => {
      // Without an answer of the server the session expires there.
      await this.#context?.rpc.call(authentication.logout, {}, { timeoutMs: logoutTimeoutMs }).catch(() => {});
      await this.#erase();
    });
  }

  async deleteAccount(password: string, prepare: () => Promise<void>): Promise<void> {
    await this.#reporting(async () => {
      await this.#passwordChanges.deleteAccount(password, prepare);
      await this.#erase();
    });
  }

  /** Deletes all state of this profile. */
  async #erase(): Promise<void> {
    this.#context?.deviceSeed.fill(0);
    this.#context = undefined;
    await this.#options.store.clear();
    await this.#options.page?.remove();
    this.#become({ kind: "signed-out" });
  }

  async syncClock(): Promise<number> {
    return await asEngineErrors(async () => {
      const offsetMs = await this.#clock.measure(new RpcClient(this.#options.openStream));
      if (this.#context) await this.#records.saveReached(this.#clock.reachedMs);
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
      throw new EngineError({
        code: LocalCode.usernameInvalid,
        detail: "a username has 3 to 32 of a–z 0–9 . _ - and begins with a letter",
      });
    }
    return this.#handshake(username, password, task);
  }

  /** The parts of an OPAQUE handshake. It reports its memory-hard step. */
  #handshake(username: string, password: string, task: "registering" | "signing-in"): Enrolment {
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

  /** Signs the same device in again when only its session has ended: it keeps its groups and its history. */
  async #oldDeviceAgain(enrolment: Enrolment): Promise<Enrolled | undefined> {
    if (this.#state.kind !== "ended" || !sessionOver.has(this.#state.code)) return undefined;
    const device = await this.#records.device();
    if (device?.username !== enrolment.username) return undefined;
    return await signInAgain(enrolment, device, await this.#records.ownList(device.accountKey));
  }

  async #newDevice(enrolment: Enrolment): Promise<Enrolled> {
    const [old, vaultVersion] = await Promise.all([this.#records.device(), this.#records.vaultVersion()]);
    const sameAccount = old?.username === enrolment.username;
    const revoke = [
      ...this.#lost.filter(({ username }) => username === enrolment.username).map(({ deviceId }) => fromHex(deviceId)),
      ...(sameAccount ? [old.deviceId] : []),
    ];
    const enrolled = await enrollDevice(enrolment, revoke, sameAccount ? vaultVersion : undefined);
    await this.#forgetFormerDevice();
    return enrolled;
  }

  /** Groups, keys and history belong to the former device alone. */
  async #forgetFormerDevice(): Promise<void> {
    if (await this.#records.device()) await this.#options.store.clear();
  }

  /** Stores an enrolled device and signs it in. */
  async #keep(enrolled: Enrolled): Promise<void> {
    const { device, pins } = enrolled;
    const { session, sentinelText } = await this.#records.saveEnrolled(
      enrolled,
      this.#clock.now(),
      this.#clock.reachedMs,
    );
    await this.#options.page?.set(sentinelText);
    await this.#begin(device, session);
    await this.#context?.directory.importPins(
      pins.filter(({ accountKey }) => !equalBytes(accountKey, device.accountKey)),
    );
  }

  async #firstStock(task: "registering" | "signing-in"): Promise<void> {
    try {
      // KeyPackages made by a wrong clock would be refused (E022).
      if (!this.#clock.measured) await this.syncClock();
      const onProgress = (done: number, total: number) => this.#options.onProgress?.({ task, done, total });
      await this.#context?.keyPackages.replenish(onProgress, true);
    } catch (error) {
      // The account exists and its recovery code must be shown: the KeyPackages are uploaded after the next
      // connect. That there is no connection is shown by its state.
      if (!isDisconnection(error)) this.#options.onProblem?.((error as EngineError).problem);
    }
  }

  async #begin(device: StoredDevice, session: StoredSession): Promise<AccountState> {
    const { store, openStream, onProblem, wantedKeyPackages } = this.#options;
    const account = await openSignedInAccount(
      device,
      session,
      { store, openStream, clock: this.#clock, onProblem, wantedKeyPackages },
      (code) => this.#end(device, code),
    );
    this.#clock.remember(await this.#records.reachedMs());
    this.#context = account;
    const { username, accountKey, deviceId } = device;
    return this.#become({ kind: "signed-in", username, accountKey: toHex(accountKey), deviceId: toHex(deviceId) });
  }

  /**
   * Stores that the session has ended, and tells it then: who is told may close the tab or end the process at once, and
   * the next start must know it.
   */
  async #end(device: StoredDevice, code: string): Promise<void> {
    if (this.#context?.deviceId !== device.deviceId) return;
    const ended: StoredSession = { accessToken: new Uint8Array(), expiresMs: 0, endedBy: code };
    try {
      await this.#records.saveSession(ended);
    } catch (error) {
      // The profile is another engine's now, which asks the server itself.
      if (error instanceof FencedError) return;
      // There is no room for it. The server refuses the session again at the next start.
      this.#options.onProblem?.(engineError(error).problem);
    }
    if (this.#context?.deviceId !== device.deviceId) return;
    this.#context = undefined;
    this.#become({ kind: "ended", username: device.username, code });
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
