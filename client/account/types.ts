/** The interfaces of the account room: own identity, directory, KeyPackages, vault. */

import type { Bytes } from "../../schema/bytes.ts";
import type { DeviceCredential } from "../../schema/credential.ts";
import type { DeviceList } from "../../schema/device_list.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import type { AccountState, DeviceInfo } from "../api/engine_api.ts";
import type { Trust } from "../mls/types.ts";
import type { StoreName } from "../storage/storage.ts";
import type { SettingsContent } from "./settings/settings_content.ts";
import type { ChatList, ChatListChange } from "./vault/chat_list.ts";
import type { Pin } from "./vault/pins.ts";

/** The server's time as far as this device knows it. */
export interface ServerTime {
  /** @returns ms since the Unix epoch, corrected by `health.serverTimeMs` */
  now(): number;
  /** @returns ms since the Unix epoch by the device's own clock */
  deviceNow(): number;
  /** Ms that `now` adds to the device's clock; 0 before the first measurement. */
  readonly offsetMs: number;
  /** The newest time that both clocks had reached, in ms; 0 before the first measurement. */
  readonly reachedMs?: number;
}

/** Another account (or the own one) as this device knows it. */
export interface KnownAccount {
  username: string;
  /** 32 bytes: the pinned key. */
  accountKey: Bytes;
  /** The newest device list seen, never an older one. */
  devices: DeviceList;
  firstSeenMs: number;
  /** The user has compared safety numbers. */
  verified: boolean;
  /** How many times the user has decided about this name: see `Pin.decisionCount`. */
  decisionCount: number;
  /**
   * 32 bytes: the directory answered with this other key and the user has not decided yet. Nothing may be
   * sent to the account meanwhile (specification §1.6, Pins).
   */
  changedKey?: Bytes;
}

/** Accounts, their pins and newest device lists. All changes are on disk before a method resolves. */
export interface Directory {
  /**
   * Asks the server, pins at first sight, keeps the newest list.
   *
   * @throws EngineError L004 no such user, L007 the account answers with another key than the pinned one, L001 offline
   */
  byUsername(username: string): Promise<KnownAccount>;

  /**
   * Looks up as {@link byUsername}, for comparing safety numbers. It also returns an account whose key has
   * changed, and a pinned account while there is no connection.
   *
   * @throws EngineError L004, L001 for an account that was never seen
   */
  lookUpForVerification(username: string): Promise<{ account: KnownAccount; changedKey?: Bytes }>;

  /** @returns the stored account; never asks the server */
  byKey(accountKey: Uint8Array): Promise<KnownAccount | undefined>;

  /**
   * Fetches the newest lists of these accounts (in batches of 100).
   *
   * @returns the accounts whose list is newer than before, or that are new
   * @throws EngineError L001 offline
   */
  refresh(accountKeys: Uint8Array[]): Promise<KnownAccount[]>;

  /**
   * @returns usernames that start with `prefix`, sorted, ≤ 20, without the own one. @throws EngineError L001
   *   offline
   */
  search(prefix: string): Promise<string[]>;

  /** All accounts that are pinned. */
  known(): Promise<KnownAccount[]>;

  /**
   * The user accepts a key that was shown. It becomes the pin, unverified, and supersedes the pins of the
   * account's other devices. The record of the former key is deleted.
   *
   * @param accountKey 32 bytes: the key whose safety number the user has seen
   * @throws EngineError L017 when the server answers with another key than that one, L001 offline
   */
  acceptChangedKey(username: string, accountKey: Uint8Array): Promise<KnownAccount>;

  /** The user compared the safety numbers (or withdraws that). */
  setVerified(accountKey: Uint8Array, verified: boolean): Promise<void>;

  /**
   * To be called before sending.
   *
   * @throws EngineError L007 while one of the accounts has a changed key that the user has not decided on,
   *   L016 where an account is pinned to another key than the member's
   */
  requireUnchanged(members: { username: string; accountKey: Uint8Array }[]): Promise<void>;

  /**
   * @returns the pin of each name: those of this device, and those of the vault for names that this device has not
   *   looked up yet
   */
  pins(): Promise<Pin[]>;

  /** @param newer called for every newer device list of a known account @returns ends the watch */
  watch(newer: (account: KnownAccount) => void): () => void;

  /**
   * @param changed called when a record (pin, mark, changed key, list) was stored or removed @returns ends
   *   the watch
   */
  watchPins(changed: () => void): () => void;

  /**
   * For `createMls`: whether the leaf's account key is the pin, and its device is in the newest list. The
   * server is asked once when the stored list lacks the device.
   */
  readonly trust: Trust;

  /** For `createMls`: whether the newest stored list revokes the device. */
  readonly isRevoked: (credential: DeviceCredential, recipientKey: Bytes) => Promise<boolean>;
}

/** This device's KeyPackages: the stock on the server, and the private parts here. */
export interface KeyPackageStock {
  /**
   * Fills the server's stock up to 20 KeyPackages, and renews a last resort that is older than a week or was handed
   * out. Cheap when the stock is full. Call after each connect and every hour. Private parts are on disk before the
   * upload.
   *
   * @param onProgress called after each KeyPackage that was made
   * @param renewsLastResort in any case, as after a sign-in
   * @throws EngineError L001 offline, or the server's code
   */
  replenish(onProgress?: (done: number, total: number) => void, renewsLastResort?: boolean): Promise<void>;

  /** All entries that waited in the queue are processed. No private part that one of them may need goes before. */
  queueRead(): void;

  /** Makes a private record that is never published: for `createGroup`. */
  forOwnGroup(): Promise<Bytes>;

  /**
   * Makes a KeyPackage that is never published, for a re-add request (specification §3.4).
   *
   * @param channelId of the request
   * @returns `put`: its private part. The caller writes it before the KeyPackage is sent; from then on it is
   *   among the candidates
   */
  forRequest(
    channelId: Uint8Array,
  ): Promise<{ keyPackage: Bytes; ref: Bytes; put: { store: StoreName; key: string; value: unknown } }>;

  /**
   * @returns the private records of {@link forRequest} only: this device has asked for a Welcome to one of
   *   them; those of this channel first
   */
  requested(channelId: Uint8Array): Promise<Bytes[]>;

  /**
   * @returns the private records that a Welcome may be sealed to: for `joinFromWelcome`; those that were made for this
   *   channel first
   */
  candidates(channelId: Uint8Array): Promise<Bytes[]>;

  /**
   * @returns the deletes for the write that stores the joined group, so that the private part of the used KeyPackage
   *   is deleted in the same transaction; none for a last resort
   *
   * @param ref `keyPackageRef` of the join result
   */
  consumed(ref: Uint8Array): Promise<{ store: StoreName; key: string }[]>;
}

/**
 * The vault's channel list (specification §1.5), from which a new device reads its conversations. Pins are
 * added automatically.
 */
export interface VaultKeeper {
  /**
   * Reads the vault, and writes pins and chats into it, merged with those of the account's other devices.
   *
   * @param change of the list of chats; left out: none
   * @throws EngineError L001 offline, L006 the vault is unreadable, or older than one seen before on a server that
   *   does not say that it was restored
   */
  sync(change?: ChatListChange): Promise<void>;

  /** @returns the account's chats by the newest vault that this device has seen @throws StorageError */
  chats(): Promise<ChatList>;
}

/** What the account's devices share beside the vault (settings/settings_content.ts). */
export interface SettingsKeeper {
  /** The newest that this device has seen. */
  readonly content: Readonly<SettingsContent>;
  /** @param accountKey hex @returns whether nothing of that account is shown */
  isBlocked(accountKey: string): boolean;
  /** Reads what other devices have changed. @throws EngineError L001 offline, L006 where the settings do not open */
  sync(): Promise<void>;
  /**
   * Changes the settings on the server, and then here.
   *
   * @param edit gets the newest content and returns the next, or undefined for no change; may run several times
   * @throws EngineError L001 offline, L006, E014 for a server without settings
   */
  change(edit: (content: SettingsContent) => SettingsContent | undefined): Promise<void>;
  /** @param changed called when the content is another @returns ends the watch */
  watch(changed: () => void): () => void;
}

/** The signed-in account for the rest of the engine, until sign-out or until the account ends. */
export interface AccountContext {
  readonly username: string;
  /** 32 bytes. */
  readonly accountKey: Bytes;
  /** 16 bytes. */
  readonly deviceId: Bytes;
  /** 32 bytes: public part of {@link deviceSeed}. */
  readonly recipientKey: Bytes;
  /** 32 bytes: the device's private MLS signature key. */
  readonly deviceSeed: Bytes;
  readonly credential: DeviceCredential;
  /** Calls with this session's token. E001, E002 and a confirmed E003 end the account. */
  readonly rpc: RpcClient;
  readonly directory: Directory;
  readonly keyPackages: KeyPackageStock;
  readonly vault: VaultKeeper;
  readonly settings: SettingsKeeper;
  /**
   * Puts the newest device list that this device has seen on a server that was restored and has lost it, if it
   * can follow the server's. @throws TransportError, WireError, MalformedError
   */
  putDevicesAgain(): Promise<void>;
  readonly trust: Trust;
  readonly isRevoked: (credential: DeviceCredential, recipientKey: Bytes) => Promise<boolean>;
  readonly clock: ServerTime;
}

/** The facade: one account on this profile. All methods reject with `EngineError`. */
export interface Accounts {
  readonly state: AccountState;
  /** Defined while signed in. */
  readonly context: AccountContext | undefined;
  /** Reads what the profile stores; makes no call. @throws EngineError L005 */
  resume(): Promise<AccountState>;
  /** @throws EngineError L003, L012, L021 (not a username), E006, E007 (taken), L001 … */
  createAccount(username: string, password: string, inviteCode?: string): Promise<{ recoveryCode: string }>;
  /** @throws EngineError L022, L025, L006, L012, L001 … */
  signIn(username: string, password: string): Promise<void>;
  /** The account's devices by its newest list, with their live sessions. @throws EngineError L001 */
  devices(): Promise<DeviceInfo[]>;
  /**
   * Removes a device from the account's list for good.
   *
   * @param deviceId hex, 16 bytes
   * @throws EngineError L022 for a wrong password, L023 for a malformed id, L001 …
   */
  revokeDevice(deviceId: string, password: string): Promise<void>;
  /**
   * One call: new OPAQUE record, new wrap, the end of every other session.
   *
   * @throws EngineError L003, L022, L001 (then either password may be valid)
   */
  changePassword(oldPassword: string, newPassword: string): Promise<void>;
  /** @returns a fresh code; the one before is void @throws EngineError L022, L001 … */
  newRecoveryCode(password: string): Promise<{ recoveryCode: string }>;
  /**
   * Sets a new password by the recovery code and signs this device in. @returns the next code @throws
   * EngineError L003, L006, L012, L014, L001 …
   */
  recover(username: string, recoveryCode: string, newPassword: string): Promise<{ recoveryCode: string }>;
  /**
   * Deletes the account for good, and then all state of this profile.
   *
   * @param prepare runs once the password is known to be right, before anything is deleted
   * @throws EngineError L022, L037 for a server that can not do it, L001 …
   */
  deleteAccount(password: string, prepare: () => Promise<void>): Promise<void>;
  /** Ends the session on the server if it can be reached, then deletes all state of this profile. */
  signOut(): Promise<void>;
  /** Measures the server's clock; call after each connect. @returns the offset in ms; a warning is due above 1 h */
  syncClock(): Promise<number>;
}
