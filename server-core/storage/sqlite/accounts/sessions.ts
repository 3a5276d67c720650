/** Sessions: opened by a login, found by their token's hash, ended one by one or together. */

import { type Bytes, equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore, ListedSession, NewSession, StoredSession } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { accountWhere } from "./directory.ts";

/** Without a limit, a client that knows the password could open any number of sessions. */
const maxSessions = 100;

type Names =
  | "opaqueRecord"
  | "openSession"
  | "session"
  | "isRevoked"
  | "touchSession"
  | "sessions"
  | "endSession"
  | "revision"
  | "endedSessions";

export const sessionOperations: Operations<Pick<AccountStore, Names>> = {
  opaqueRecord(db, { username }) {
    const row = db.get<{ accountKey: Bytes; opaqueRecord: Bytes; state: string }>(
      "SELECT account_key AS accountKey, opaque_record AS opaqueRecord, state FROM accounts WHERE username = ?",
      username,
    );
    return row && { accountKey: row.accountKey, opaqueRecord: row.opaqueRecord, active: row.state === "active" };
  },

  openSession(db, { accountKey, opaqueRecord, device: { deviceId, recipientKey }, session }, { nowMs }) {
    const stored = db.get<{ record: Bytes }>(
      "SELECT opaque_record AS record FROM accounts WHERE account_key = ? AND state = 'active'",
      accountKey,
    );
    // The password may have been changed between the two steps of the login, or the account disabled.
    if (!stored || !equalBytes(stored.record, opaqueRecord)) throw new WireError(ErrorCode.loginFailed, "login failed");
    if (db.get("SELECT 1 FROM revoked_devices WHERE account_key = ? AND device_id = ?", accountKey, deviceId)) {
      throw new WireError(ErrorCode.forbidden, "the device was revoked");
    }
    const known = db.get<{ accountKey: Bytes; enrolled: number }>(
      "SELECT account_key AS accountKey, enrolled FROM devices WHERE device_id = ?",
      deviceId,
    );
    if (known && !equalBytes(known.accountKey, accountKey)) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the device belongs to another account");
    }
    if (!known) {
      db.run(
        "INSERT INTO devices (device_id, recipient_key, account_key, enrolled, created_ms) VALUES (?, ?, ?, 0, ?)",
        deviceId,
        recipientKey,
        accountKey,
        nowMs,
      );
    }
    insertSession(db, deviceId, session, nowMs);
    const ended = db.all<{ sessionId: Bytes }>(
      `DELETE FROM sessions WHERE session_id IN (
       SELECT session_id FROM sessions JOIN devices USING (device_id)
       WHERE account_key = ? AND session_id <> ? ORDER BY last_used_ms DESC LIMIT -1 OFFSET ${maxSessions - 1})
       RETURNING session_id AS sessionId`,
      accountKey,
      session.sessionId,
    );
    return {
      account: accountWhere(db, "account_key", accountKey)!,
      enrolled: known?.enrolled === 1,
      endedSessionIds: ended.map(({ sessionId }) => sessionId),
    };
  },

  session(db, { tokenSha256 }) {
    const row = db.get<Omit<StoredSession, "enrolled"> & { enrolled: number }>(
      `SELECT session_id AS sessionId, device_id AS deviceId, recipient_key AS recipientKey,
       account_key AS accountKey, username, enrolled,
              last_used_ms AS lastUsedMs, expires_ms AS expiresMs
       FROM sessions JOIN devices USING (device_id) JOIN accounts USING (account_key) WHERE token_sha256 = ?`,
      tokenSha256,
    );
    return row && { ...row, enrolled: row.enrolled === 1 };
  },

  isRevoked(db, { deviceId }) {
    return db.get(
      "SELECT 1 FROM devices JOIN revoked_devices USING (account_key, device_id) WHERE device_id = ?",
      deviceId,
    ) !== undefined;
  },

  touchSession(db, { sessionId, expiresMs }, { nowMs }) {
    db.run("UPDATE sessions SET last_used_ms = ?, expires_ms = ? WHERE session_id = ?", nowMs, expiresMs, sessionId);
  },

  sessions(db, { accountKey }, { nowMs }) {
    return db.all<ListedSession>(
      `SELECT session_id AS sessionId, device_id AS deviceId, sessions.created_ms AS createdMs,
       last_used_ms AS lastUsedMs, expires_ms AS expiresMs
       FROM sessions JOIN devices USING (device_id) WHERE account_key = ? AND expires_ms > ?
       ORDER BY sessions.created_ms DESC, session_id LIMIT ${maxSessions}`,
      accountKey,
      nowMs,
    );
  },

  endSession(db, { accountKey, sessionId }) {
    const { changes } = db.run(
      `DELETE FROM sessions
       WHERE session_id = ? AND device_id IN (SELECT device_id FROM devices WHERE account_key = ?)`,
      sessionId,
      accountKey,
    );
    if (changes === 0) throw new WireError(ErrorCode.unknownRecipient, "no such session");
  },

  revision(db) {
    // https://www.sqlite.org/pragma.html#pragma_data_version: this connection's own writes do not change it.
    return String(db.pragma("data_version"));
  },

  endedSessions(db, { sessionIds }) {
    return sessionIds.filter((sessionId) => !db.get("SELECT 1 FROM sessions WHERE session_id = ?", sessionId));
  },
};

/** Adds a session of a known device. */
export function insertSession(
  db: Database,
  deviceId: Uint8Array,
  { sessionId, tokenSha256, expiresMs }: NewSession,
  nowMs: number,
): void {
  db.run(
    `INSERT INTO sessions (session_id, token_sha256, device_id, created_ms, last_used_ms, expires_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    sessionId,
    tokenSha256,
    deviceId,
    nowMs,
    nowMs,
    expiresMs,
  );
}
