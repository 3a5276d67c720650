/** The contents of the database in numbers. */

import type { StoreFacts } from "../../operator_store.ts";
import type { Database } from "../database.ts";
import { databaseBytes } from "../database_files.ts";
import { storageFormat } from "../open.ts";
import type { DataDirectory } from "./access.ts";

/** @param nowMs the trusted time, ms since the Unix epoch @returns the counts and sizes of what the database holds */
export function storeFacts(db: Database, { dataDir, key }: DataDirectory, nowMs: number): StoreFacts {
  const number = (sql: string, ...params: number[]) => db.get<{ found: number }>(sql, ...params)!.found;
  return {
    schemaVersion: db.pragma("user_version") as number,
    storageFormat,
    encrypted: key !== undefined,
    accounts: number("SELECT count(*) AS found FROM accounts WHERE state <> 'deleted'"),
    devices: number("SELECT count(*) AS found FROM devices WHERE enrolled = 1"),
    sessions: number("SELECT count(*) AS found FROM sessions WHERE expires_ms > ?", nowMs),
    channels: number("SELECT count(*) AS found FROM channels"),
    queueMessages: number("SELECT coalesce(sum(waiting), 0) AS found FROM queues"),
    queueBytes: number("SELECT coalesce(sum(waiting_bytes), 0) AS found FROM queues"),
    keyPackages: number("SELECT count(*) AS found FROM key_packages"),
    openInvites: number("SELECT count(*) AS found FROM invites WHERE used_by IS NULL AND expires_ms > ?", nowMs),
    attachments: number("SELECT count(DISTINCT sha256) AS found FROM blobs WHERE expires_ms > ?", nowMs),
    attachmentBytes: number(
      `SELECT coalesce(sum(length), 0) AS found
       FROM (SELECT max(length) AS length FROM blobs WHERE expires_ms > ? GROUP BY sha256)`,
      nowMs,
    ),
    databaseBytes: databaseBytes(dataDir),
  };
}
