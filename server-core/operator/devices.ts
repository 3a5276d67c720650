/** `qpq-server devices USER`: an account's devices with their sessions. */

import { toHex } from "../../schema/bytes.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { withDatabase } from "./access.ts";
import type { Command } from "./command.ts";
import { time } from "./output.ts";
import { noSuchUser } from "./users.ts";

interface DeviceRow {
  deviceId: Uint8Array;
  createdMs: number;
  enrolled: number;
  revoked: number;
  keyPackages: number;
  waiting: number | null;
  waitingBytes: number | null;
}

interface SessionRow {
  sessionId: Uint8Array;
  createdMs: number;
  lastUsedMs: number;
  expiresMs: number;
}

export const devices: Command = {
  synopsis: "devices USER",
  summary: "list an account's devices and their sessions",
  details:
    `STATE: "listed" stands in the device list that the account has signed, "signed in" not yet, "revoked" was taken out by its owner, or with its account.`,
  examples: ["qpq-server devices alice", "qpq-server devices alice --json"],
  positionals: [1, 1],
  run: (invocation) =>
    withDatabase(invocation, {}, (db) => {
      const account = db.get<{ accountKey: Uint8Array }>(
        "SELECT account_key AS accountKey FROM accounts WHERE username = ?",
        invocation.positionals[0],
      );
      if (!account) throw noSuchUser();
      const rows = devicesOf(db, account.accountKey).map((device) =>
        recordOf(device, sessionsOf(db, device.deviceId, invocation.nowMs))
      );
      invocation.output.table(
        ["DEVICE", "STATE", "ADDED", "KEYPACKAGES", "WAITING", "SESSION", "LAST USED"],
        rows,
        "no devices",
      );
    }),
};

function devicesOf(db: Database, accountKey: Uint8Array): DeviceRow[] {
  return db.all<DeviceRow>(
    `SELECT device_id AS deviceId, created_ms AS createdMs, enrolled, waiting, waiting_bytes AS waitingBytes,
       (SELECT count(*) FROM revoked_devices r WHERE r.account_key = d.account_key AND r.device_id = d.device_id) AS revoked,
       (SELECT count(*) FROM key_packages k WHERE k.device_id = d.device_id) AS keyPackages
     FROM devices d LEFT JOIN queues USING (recipient_key) WHERE d.account_key = ? ORDER BY created_ms, device_id`,
    accountKey,
  );
}

function sessionsOf(db: Database, deviceId: Uint8Array, nowMs: number): SessionRow[] {
  return db.all<SessionRow>(
    "SELECT session_id AS sessionId, created_ms AS createdMs, last_used_ms AS lastUsedMs, expires_ms AS expiresMs FROM sessions WHERE device_id = ? AND expires_ms > ? ORDER BY created_ms",
    deviceId,
    nowMs,
  );
}

/** People see a device's newest session; programs all of them. */
function recordOf(device: DeviceRow, sessions: SessionRow[]): { cells: string[]; fields: Record<string, unknown> } {
  const state = device.revoked ? "revoked" : device.enrolled ? "listed" : "signed in";
  const newest = sessions.at(-1);
  const session = newest ? `${toHex(newest.sessionId)}${sessions.length > 1 ? ` (+${sessions.length - 1})` : ""}` : "-";
  const fields = {
    deviceId: toHex(device.deviceId),
    state,
    createdMs: device.createdMs,
    keyPackages: device.keyPackages,
    waiting: device.waiting ?? 0,
    waitingBytes: device.waitingBytes ?? 0,
    sessions: sessions.map(({ sessionId, ...times }) => ({ sessionId: toHex(sessionId), ...times })),
  };
  return {
    cells: [
      fields.deviceId,
      state,
      time(device.createdMs),
      String(device.keyPackages),
      String(fields.waiting),
      session,
      time(newest?.lastUsedMs),
    ],
    fields,
  };
}
