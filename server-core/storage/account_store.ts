/** The authentication service's store: whole domain operations, each one atomic. */

import type { Bytes } from "../../schema/bytes.ts";
import type { OpaqueServerKeys } from "../opaque/server_keys.ts";
import type { PeopleStore } from "./people_store.ts";

/** An account as the directory shows it. */
export interface StoredAccount {
  username: string;
  /** 32 bytes. */
  accountKey: Bytes;
  devices: { list: Bytes; signature: Bytes };
}

export interface StoredVault {
  version: number;
  sealed: Bytes;
  wrappedByPassword: Bytes;
  wrappedByRecovery: Bytes;
  /** 32 bytes, or empty. */
  recoveryKey: Bytes;
}

/** A session to be opened. The token itself never reaches storage. */
export interface NewSession {
  /** 16 bytes. */
  sessionId: Bytes;
  /** 32 bytes: SHA-256 of the token. */
  tokenSha256: Bytes;
  expiresMs: number;
}

/** A live or expired session, with everything on which the permission of its calls depends. */
export interface StoredSession {
  sessionId: Bytes;
  deviceId: Bytes;
  recipientKey: Bytes;
  accountKey: Bytes;
  username: string;
  enrolled: boolean;
  lastUsedMs: number;
  expiresMs: number;
}

export interface ListedSession {
  sessionId: Bytes;
  deviceId: Bytes;
  createdMs: number;
  lastUsedMs: number;
  expiresMs: number;
}

export interface DeviceKeys {
  deviceId: Bytes;
  recipientKey: Bytes;
}

/** A verified KeyPackage for the stock. */
export interface NewKeyPackage {
  /** 32 bytes: SHA-256 of `keyPackage`. */
  sha256: Bytes;
  /** The MLSMessage. */
  keyPackage: Bytes;
  notBeforeMs: number;
  notAfterMs: number;
}

export interface HandedOutKeyPackage {
  deviceId: Bytes;
  keyPackage: Bytes;
  lastResort: boolean;
}

export interface NewAccount {
  username: string;
  accountKey: Bytes;
  /** 129 bytes. */
  opaqueRecord: Bytes;
  devices: { list: Bytes; signature: Bytes };
  vault: StoredVault;
  device: DeviceKeys;
  session: NewSession;
  /** SHA-256 of the invite code, if the policy asks for one. */
  inviteSha256?: Bytes;
}

export interface NextDeviceList {
  accountKey: Bytes;
  /** The version of the stored list with which the next one was compared. */
  expectedVersion: number;
  devices: { list: Bytes; signature: Bytes };
  /** The devices of the new list. */
  listed: DeviceKeys[];
  /** The list's revoked ids. */
  revoked: Bytes[];
}

/**
 * Every method is one transaction. It rejects with WireError for the codes that it names, and with
 * StorageError for a failure of the engine. Then nothing was changed. Times are ms since the Unix epoch.
 */
export interface AccountStore extends PeopleStore {
  /** The stored OPAQUE keys of this server, if there are any yet. */
  opaqueServerKeys(): Promise<OpaqueServerKeys | undefined>;
  /** Stores `keys` if there are none yet. Returns the stored ones. */
  ensureOpaqueServerKeys(keys: OpaqueServerKeys): Promise<OpaqueServerKeys>;
  /**
   * The account's key and OPAQUE record (129 bytes), for a login. `active` is false when the operator has
   * disabled or deleted the account. Then it can not sign in.
   */
  opaqueRecord(
    args: { username: string },
  ): Promise<{ accountKey: Bytes; opaqueRecord: Bytes; active: boolean } | undefined>;
  /**
   * Errors: E006 (invite unknown, used or expired), E007 (taken), E023 (account key or device key already
   * used).
   */
  register(account: NewAccount): Promise<void>;
  /**
   * Opens a session after a login that was answered from `opaqueRecord`; an unknown device is remembered as
   * not enrolled. Over 100 sessions of an account the longest unused one ends. Errors: E003 (revoked device),
   * E008 (the record has changed since, or the account was disabled), E023 (device of another account).
   */
  openSession(
    args: { accountKey: Bytes; opaqueRecord: Bytes; device: DeviceKeys; session: NewSession },
  ): Promise<{ account: StoredAccount; enrolled: boolean; endedSessionIds: Bytes[] }>;
  /** By SHA-256 of the token; expired ones included. */
  session(args: { tokenSha256: Bytes }): Promise<StoredSession | undefined>;
  /** Whether an account's list has revoked the device. */
  isRevoked(args: { deviceId: Bytes }): Promise<boolean>;
  /** Notes the use of a session. */
  touchSession(args: { sessionId: Bytes; expiresMs: number }): Promise<void>;
  /** The live sessions of an account, newest first. */
  sessions(args: { accountKey: Bytes }): Promise<ListedSession[]>;
  /** Errors: E012 (no such session of the account). */
  endSession(args: { accountKey: Bytes; sessionId: Bytes }): Promise<void>;
  /**
   * A mark of changes by other processes. When it differs, caches of this process may be stale. After another
   * process has ended a session or changed an account, the mark differs from every earlier one. It may also
   * change for other reasons, but not by the calls of this store. Comparable for equality only.
   */
  revision(): Promise<string>;
  /** Those of the given sessions that do not exist any more. Expired sessions still exist. */
  endedSessions(args: { sessionIds: Bytes[] }): Promise<Bytes[]>;
  vault(args: { accountKey: Bytes }): Promise<StoredVault>;
  /**
   * Compare-and-set. Wraps and recovery key change only for a session that began at `freshSinceMs` or later.
   * Errors: E014, E015.
   */
  putVault(
    args: { accountKey: Bytes; expectedVersion: number; vault: StoredVault; sessionId: Bytes; freshSinceMs: number },
  ): Promise<void>;
  /**
   * New OPAQUE record, vault and the end of all sessions but one, which began at `freshSinceMs` or later.
   * Errors: E003, E015.
   */
  changePassword(
    args: {
      accountKey: Bytes;
      opaqueRecord: Bytes;
      expectedVersion: number;
      vault: StoredVault;
      keptSessionId: Bytes;
      freshSinceMs: number;
    },
  ): Promise<{ endedSessionIds: Bytes[] }>;
  /**
   * The data with which a recovery is checked. Undefined for an unknown name, for an account that is not
   * active, and for an account without a recovery key.
   */
  recoverable(
    args: { username: string },
  ): Promise<{ account: StoredAccount; recoveryKey: Bytes; vault: StoredVault } | undefined>;
  /**
   * New OPAQUE record, vault and the end of all sessions, iff the recovery key is still `recoveryKey`.
   * Errors: E008, E015.
   */
  recover(
    args: { accountKey: Bytes; recoveryKey: Bytes; opaqueRecord: Bytes; expectedVersion: number; vault: StoredVault },
  ): Promise<{ endedSessionIds: Bytes[] }>;
  /**
   * Sets the account's next list. Removed devices lose sessions, KeyPackages and queue. Errors: E015, E023 (a
   * listed device never proved its key to this account).
   */
  putDeviceList(next: NextDeviceList): Promise<{ endedSessionIds: Bytes[] }>;
  /**
   * Deletes the account for good; see the operator's `changeAccount`. For a session that began at `freshSinceMs` or
   * later. `next`: the account's last list, which revokes all of its devices. Errors: E003, E015.
   */
  deleteAccount(
    args: {
      accountKey: Bytes;
      sessionId: Bytes;
      freshSinceMs: number;
      next?: { expectedVersion: number; devices: { list: Bytes; signature: Bytes } };
    },
  ): Promise<{ endedSessionIds: Bytes[] }>;
  /** Whether the device is one of a deleted account. */
  isOfDeletedAccount(args: { deviceId: Bytes }): Promise<boolean>;
  /** Deleted accounts are not found. */
  accountByName(args: { username: string }): Promise<StoredAccount | undefined>;
  /**
   * Unknown keys are left out. Deleted accounts are included, because their devices are in groups until a
   * member removes them.
   */
  accountsByKey(args: { accountKeys: Bytes[] }): Promise<StoredAccount[]>;
  /** Of active accounts, sorted. */
  usernamesFrom(args: { prefix: string; limit: number }): Promise<string[]>;
  /**
   * All or nothing; a repeated KeyPackage changes nothing. Returns the stock. Errors: E014 (over 100 in
   * stock).
   */
  addKeyPackages(
    args: { deviceId: Bytes; keyPackages: NewKeyPackage[]; lastResort?: NewKeyPackage },
  ): Promise<{ available: number }>;
  countKeyPackages(args: { deviceId: Bytes }): Promise<{ available: number; lastResort: boolean }>;
  /**
   * One KeyPackage for each device (without ids: of all listed devices), removed unless it is a last resort.
   * `by`: the account that asks, and `linkHash` of the link whose token it shows: without `by` all may have them.
   * Errors: E012 (account or device), E024 (names the device), E026 (the account takes invited people only).
   */
  takeKeyPackages(
    args: { accountKey: Bytes; deviceIds: Bytes[]; by?: Bytes; linkHash?: Bytes },
  ): Promise<HandedOutKeyPackage[]>;
  /** Stores a single-use invite code by its SHA-256. */
  addInvite(args: { codeSha256: Bytes; expiresMs: number }): Promise<void>;
  /**
   * Deletes sessions that expired 30 days ago, devices that never enrolled and have no session, expired
   * KeyPackages, invites and links, and reports of 90 days ago.
   */
  purgeExpired(): Promise<void>;
}
