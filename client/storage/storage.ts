/**
 * The interface of the engine's storage: a few ordered stores of opaque records, written in atomic batches.
 *
 * A batch is data, not a callback, so no cryptography can happen inside of an IndexedDB transaction (it would
 * commit by itself), and the same batch runs on IndexedDB, SQLite and in memory. Values are sealed before
 * they get here (client/storage/sealed_store.ts).
 */

import type { Bytes } from "../../schema/bytes.ts";

/** The stores. Keys are strings that sort as they should be read. */
export const storeNames = [
  "meta", // sentinel, format, fence, wrapping salt
  "account", // who is signed in: username, keys of this device, session token, queue cursor; what people show
  "keypackages", // private parts of KeyPackages, by ref
  "groups", // one record a conversation: what the chat list needs and the sync state
  "epochs", // one epoch record a conversation: the whole MLS state, written once a commit
  "ratchets", // the small records of what each message changes
  "pending", // plans and pending commits, by chatId
  "messages", // the history: lines, by chatId and place
  "messageids", // of each chat: seen messageIds, for "nothing twice"; lines by MIMI id; changes that came early
  "outbox", // sealed bytes that wait for the server's answer, in order
  "unreadable", // entries kept sealed for another try
  "accounts", // other accounts: pins and newest device lists seen
] as const;

export type StoreName = (typeof storeNames)[number];

export interface StoredRecord {
  key: string;
  value: Bytes;
}

/** What must hold when a batch is written; else nothing of it is. */
export interface Guard {
  store: StoreName;
  key: string;
  /** The record's exact bytes, or undefined: there must be no record. */
  value: Bytes | undefined;
}

export interface Put {
  store: StoreName;
  key: string;
  value: Bytes;
}

export interface WriteBatch {
  puts?: Put[];
  deletes?: { store: StoreName; key: string }[];
  guards?: Guard[];
}

export interface RangeOptions {
  /** Only keys greater than this one. */
  after?: string;
  /** Only keys less than this one. */
  before?: string;
  /** Newest first. */
  reverse?: boolean;
  limit?: number;
}

/** Thrown when a guard did not hold: a record is not as this engine read it. Nothing was written. */
export class GuardError extends Error {
  override readonly name: string = "GuardError";
  /** "fenced": another engine has taken the profile over. "outdated": a guarded record has changed. */
  readonly code: "fenced" | "outdated" = "outdated";
}

/** Thrown when another engine has taken the profile over. Nothing was written, and nothing can be from now on. */
export class FencedError extends GuardError {
  override readonly name = "FencedError";
  override readonly code = "fenced";
}

/**
 * Thrown when the storage can not be read or written. It never means "not found": a failed read must not lead
 * to a write.
 */
export class StorageError extends Error {
  override readonly name: string = "StorageError";
}

/** Thrown when a write found no room: the disk or the browser's quota is full. Later writes may find room. */
export class StorageFullError extends StorageError {
  override readonly name = "StorageFullError";
}

export interface Storage {
  /**
   * @returns the record's bytes, or undefined when there is none
   * @throws StorageError
   */
  get(store: StoreName, key: string): Promise<Bytes | undefined>;

  /**
   * @param prefix only keys that start with it
   * @returns the records in key order
   * @throws StorageError
   */
  range(store: StoreName, prefix: string, options?: RangeOptions): Promise<StoredRecord[]>;

  /**
   * Writes a batch atomically and durably: when this resolves, the bytes are on disk.
   *
   * @throws GuardError, StorageError
   */
  write(batch: WriteBatch): Promise<void>;

  /** Deletes every record of every store (signing out). */
  clear(): Promise<void>;

  close(): Promise<void>;
}
