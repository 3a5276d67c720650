/** An account's devices with their sessions, and the end of sessions. */

import type { Bytes } from "../../../../schema/bytes.ts";
import type { DeviceSummary, SessionSelection, SessionSummary } from "../../operator_store.ts";
import type { Database } from "../database.ts";

interface DeviceRow {
  deviceId: Bytes;
  createdMs: number;
  enrolled: number;
  revoked: number;
  keyPackages: number;
  waiting: number | null;
  waitingBytes: number | null;
}

/** @returns the account's devices, the oldest first; undefined for an unknown name */
export function devicesOf(db: Database, username: string, nowMs: number): DeviceSummary[] | undefined {
  const account = db.get<{ accountKey: Bytes }>(
    "SELECT account_key AS accountKey FROM accounts WHERE username = ?",
    username,
  );
  if (!account) return undefined;
  const rows = db.all<DeviceRow>(
    `SELECT device_id AS deviceId, created_ms AS createdMs, enrolled, waiting, waiting_bytes AS waitingBytes,
       (SELECT count(*) FROM revoked_devices r
        WHERE r.account_key = d.account_key AND r.device_id = d.device_id) AS revoked,
       (SELECT count(*) FROM key_packages k WHERE k.device_id = d.device_id) AS keyPackages
     FROM devices d LEFT JOIN queues USING (recipient_key) WHERE d.account_key = ? ORDER BY created_ms, device_id`,
    account.accountKey,
  );
  return rows.map(({ deviceId, createdMs, enrolled, revoked, keyPackages, waiting, waitingBytes }) => ({
    deviceId,
    state: revoked ? "revoked" : enrolled ? "listed" : "signed in",
    createdMs,
    keyPackages,
    waiting: waiting ?? 0,
    waitingBytes: waitingBytes ?? 0,
    sessions: sessionsOf(db, deviceId, nowMs),
  }));
}

function sessionsOf(db: Database, deviceId: Bytes, nowMs: number): SessionSummary[] {
  return db.all<SessionSummary>(
    `SELECT session_id AS sessionId, created_ms AS createdMs, last_used_ms AS lastUsedMs, expires_ms AS expiresMs
     FROM sessions WHERE device_id = ? AND expires_ms > ? ORDER BY created_ms`,
    deviceId,
    nowMs,
  );
}

/** @returns the ids of the ended sessions; undefined for an unknown username */
export function endSessions(db: Database, sessions: SessionSelection): Bytes[] | undefined {
  if (sessions === "all") return deleteSessions(db, "true");
  if ("sessionId" in sessions) return deleteSessions(db, "session_id = ?", sessions.sessionId);
  if ("deviceId" in sessions) return deleteSessions(db, "device_id = ?", sessions.deviceId);
  if (!db.get("SELECT 1 FROM accounts WHERE username = ?", sessions.username)) return undefined;
  return deleteSessions(
    db,
    "device_id IN (SELECT device_id FROM devices JOIN accounts USING (account_key) WHERE username = ?)",
    sessions.username,
  );
}

function deleteSessions(db: Database, where: string, ...values: (string | Bytes)[]): Bytes[] {
  return db.all<{ sessionId: Bytes }>(
    `DELETE FROM sessions WHERE ${where} RETURNING session_id AS sessionId`,
    ...values,
  ).map(({ sessionId }) => sessionId);
}
