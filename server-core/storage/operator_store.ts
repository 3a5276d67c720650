/**
 * The store of the operator's commands, beside a running server or without one. Each call is a whole
 * operation: it locks the data, works, and unlocks it.
 */

import type { Bytes } from "../../schema/bytes.ts";
import type { BackupLabel, KeyInUse } from "./backup_label.ts";

/** An account as the operator sees it. */
export interface AccountSummary {
  username: string;
  state: AccountState;
  /** 32 bytes. */
  accountKey: Bytes;
  /** ms since the Unix epoch, as all times here. */
  createdMs: number;
  /** Devices in its signed list. */
  devices: number;
  /** Sessions that have not ended. */
  sessions: number;
  /** The last use of any of its sessions; null: it has none. */
  lastUsedMs: number | null;
  /** Bytes of its attachments that have not expired. */
  attachmentBytes: number;
}

/** Only active accounts sign in. A deleted one keeps its name, its key and its signed device list. */
export type AccountState = "active" | "disabled" | "deleted";

/**
 * disable: ends every session and refuses new ones and recoveries; the rest stays. enable: reverses that.
 * delete: removes the account's own data for good (docs/decisions/022).
 */
export type AccountChange = "disable" | "enable" | "delete";

export interface DeviceSummary {
  /** 16 bytes. */
  deviceId: Bytes;
  /** listed: in the account's signed list; signed in: not yet in it; revoked: removed for good. */
  state: "listed" | "signed in" | "revoked";
  createdMs: number;
  /** KeyPackages in stock, the last resort included. */
  keyPackages: number;
  /** Messages that wait, and their bytes. */
  waiting: number;
  waitingBytes: number;
  /** Sessions that have not ended, the oldest first. */
  sessions: SessionSummary[];
}

export interface SessionSummary {
  /** 16 bytes. */
  sessionId: Bytes;
  createdMs: number;
  lastUsedMs: number;
  expiresMs: number;
}

/** Selects sessions. Ids are 16 bytes. */
export type SessionSelection = { sessionId: Bytes } | { deviceId: Bytes } | { username: string } | "all";

export interface InviteSummary {
  /** 32 bytes: SHA-256 of the code. */
  codeSha256: Bytes;
  expiresMs: number;
  /** The account that was registered with it. */
  usedBy: string | null;
}

/** What a user has reported about an account. */
export interface ReportSummary {
  id: number;
  receivedMs: number;
  /** 32 bytes: of the account that the report is about. */
  accountKey: Bytes;
  /** Its username. */
  about: string;
  /** The username of the account that reported. */
  reporter: string;
  text: string;
}

/** The time by which the server judges, and what the machine's clock says. */
export interface ClockFacts {
  trustedMs: number;
  machineMs: number;
  /** ms; negative: behind; 0: they agree. */
  aheadMs: number;
}

/** The contents of the store in numbers. */
export interface StoreFacts {
  /** The number of the newest applied migration. */
  schemaVersion: number;
  storageFormat: number;
  encrypted: boolean;
  /** Without deleted accounts. */
  accounts: number;
  /** Only listed devices. */
  devices: number;
  sessions: number;
  channels: number;
  queueMessages: number;
  queueBytes: number;
  keyPackages: number;
  openInvites: number;
  attachments: number;
  attachmentBytes: number;
  databaseBytes: number;
}

/**
 * Every method rejects with DataInUseError while the data is being replaced, and with StorageFormatError when
 * there is no data, or data that this version can not use.
 */
export interface OperatorStore {
  /** @returns whether a server holds the data right now */
  isServed(): Promise<boolean>;
  /** @returns the trusted time and the machine's clock, ms since the Unix epoch, and how far the latter is ahead */
  clock(): Promise<ClockFacts>;
  /** Makes the machine's clock the trusted time, in a running server too. */
  acceptClock(): Promise<void>;
  facts(): Promise<StoreFacts>;
  /** @returns all accounts by name, deleted ones included */
  accounts(): Promise<AccountSummary[]>;
  /** @returns the account, or undefined for an unknown name */
  account(args: { username: string }): Promise<AccountSummary | undefined>;
  /**
   * Changes an account in one transaction. A deleted account stays as it is.
   *
   * @returns the state before and after, and how many sessions ended; undefined for an unknown name
   */
  changeAccount(
    args: { username: string; change: AccountChange },
  ): Promise<{ before: AccountState; state: AccountState; endedSessions: number } | undefined>;
  /** @returns the account's devices, the oldest first; undefined for an unknown name */
  devices(args: { username: string }): Promise<DeviceSummary[] | undefined>;
  /** @returns the ids of the sessions that it ended; undefined for an unknown username */
  endSessions(args: { sessions: SessionSelection }): Promise<Bytes[] | undefined>;
  /** Stores a single-use invite code by its SHA-256. */
  addInvite(args: { codeSha256: Bytes; expiresMs: number }): Promise<void>;
  /** @returns all invites, the first to expire first */
  invites(): Promise<InviteSummary[]>;
  /**
   * Deletes an invite that was not used.
   *
   * @param args.idPrefix the first bytes of its `codeSha256`
   * @returns whether there was one
   */
  withdrawInvite(args: { idPrefix: Bytes }): Promise<boolean>;
  /** @returns the newest 1,000 reports, the newest first */
  reports(): Promise<ReportSummary[]>;
  /** @returns whether there was such a report */
  removeReport(args: { id: number }): Promise<boolean>;
  /**
   * Reads all of the data, and compares the records of attachments with their files.
   *
   * @param args.hashes whether the content of each file is hashed, too
   * @returns a sentence for each fault; empty when there is none
   */
  faults(args: { hashes: boolean }): Promise<string[]>;
  /**
   * Writes the server's whole state at one moment into a new file, for a server elsewhere. The file gets its
   * name only when it is complete and durable.
   *
   * @param args.kept what its label says of a row of backups (backup_label.ts)
   * @returns how many attachments it holds
   * @throws DamagedDataError, Deno.errors.AlreadyExists when there is such a file
   */
  backUp(args: { file: string; kept?: BackupLabel["kept"] }): Promise<{ attachments: number }>;
  /** @returns a sentence for each fault of a backup that was made with the present key; empty when there is none */
  backupFaults(args: { file: string }): Promise<string[]>;
  /** @returns the id of the key that the data is under; undefined without one */
  keyInUse(): Promise<KeyInUse | undefined>;
  /**
   * Replaces the data by a backup; no other process may use the data. The old data is kept aside. After a
   * crash either the old or the new data is complete.
   *
   * @param args.replace whether existing data may be replaced
   * @returns how many attachments were restored, and the folder of the old data
   * @throws RefusedError when there is data or the file is no backup, DataInUseError, StorageFormatError,
   *   DamagedDataError
   */
  restore(args: { file: string; replace: boolean }): Promise<{ attachments: number; aside: string | undefined }>;
  /**
   * Encrypts all data under another key; no other process may use the data. After a crash either the old or
   * the new key is valid.
   *
   * @param args.newKey undefined: not encrypted
   * @throws RefusedError when there is no data, DataInUseError, StorageFormatError, DamagedDataError
   */
  rekey(args: { newKey: string | undefined }): Promise<void>;
}
