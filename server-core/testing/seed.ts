/**
 * Accounts with enrolled devices and sessions, written directly into the database, for tests that do not test
 * the sign-in.
 */

import { createHash } from "node:crypto";
import type { Bytes } from "../../schema/bytes.ts";
import type { CallAuth } from "../../schema/rpc/calls_and_returns.ts";
import type { Caller } from "../caller.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { openDatabase } from "../storage/sqlite/open.ts";

export interface TestDevice {
  recipientKey: Bytes;
  deviceId: Bytes;
  accountKey: Bytes;
  sessionId: Bytes;
  accessToken: Bytes;
  auth: CallAuth;
  /** The caller that `authorize` derives from its session. */
  caller: Caller;
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function sha256(bytes: Uint8Array): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/**
 * Adds `count` devices with a session, each of its own account.
 *
 * @param dataDir a data directory; its database is created if missing
 */
export function seedDevices(
  dataDir: string,
  count: number,
  { key, enrolled = true }: { key?: string; enrolled?: boolean } = {},
): TestDevice[] {
  const db = openDatabase({ dataDir, key });
  try {
    return Array.from({ length: count }, () => addDevice(db, enrolled));
  } finally {
    db.close();
  }
}

function addDevice(db: Database, enrolled: boolean): TestDevice {
  const recipientKey = random(32);
  const accountKey = random(32);
  const deviceId = sha256(recipientKey).slice(0, 16);
  const sessionId = random(16);
  const accessToken = random(32);
  const nowMs = Date.now();
  const nothing = new Uint8Array();
  db.run(
    `INSERT INTO accounts (account_key, username, opaque_record, list_version, list, list_signature, vault_version,
       vault_sealed, wrapped_by_password, wrapped_by_recovery, created_ms)
     VALUES (?, ?, ?, 1, ?, ?, 1, ?, ?, ?, ?)`,
    accountKey,
    `user${crypto.randomUUID().slice(0, 12)}`,
    nothing,
    nothing,
    nothing,
    nothing,
    nothing,
    nothing,
    nowMs,
  );
  db.run(
    "INSERT INTO devices (device_id, recipient_key, account_key, enrolled, created_ms) VALUES (?, ?, ?, ?, ?)",
    deviceId,
    recipientKey,
    accountKey,
    enrolled ? 1 : 0,
    nowMs,
  );
  db.run(
    `INSERT INTO sessions (session_id, token_sha256, device_id, created_ms, last_used_ms, expires_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    sessionId,
    sha256(accessToken),
    deviceId,
    nowMs,
    nowMs,
    nowMs + 30 * 24 * 3600 * 1000,
  );
  return {
    recipientKey,
    deviceId,
    accountKey,
    sessionId,
    accessToken,
    auth: { version: 1, accessToken, deviceId },
    caller: { kind: "device", accountKey, deviceId, recipientKey, enrolled, sessionId, remoteAddress: "127.0.0.1" },
  };
}
