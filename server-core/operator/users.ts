/** `qpq-server users`: accounts, and one of them in detail. */

import { toHex } from "../../schema/bytes.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { withDatabase } from "./access.ts";
import { type Command, exitCodes, Failure } from "./command.ts";
import { size, time } from "./output.ts";

interface UserRow {
  username: string;
  accountKey: Uint8Array;
  createdMs: number;
  devices: number;
  sessions: number;
  lastUsedMs: number | null;
  attachmentBytes: number;
}

const selectUsers = `SELECT username, account_key AS accountKey, created_ms AS createdMs,
  (SELECT count(*) FROM devices WHERE devices.account_key = accounts.account_key AND enrolled = 1) AS devices,
  (SELECT count(*) FROM sessions JOIN devices USING (device_id) WHERE devices.account_key = accounts.account_key AND expires_ms > ?) AS sessions,
  (SELECT max(last_used_ms) FROM sessions JOIN devices USING (device_id) WHERE devices.account_key = accounts.account_key) AS lastUsedMs,
  (SELECT coalesce(sum(length), 0) FROM blobs WHERE blobs.account_key = accounts.account_key AND expires_ms > ?) AS attachmentBytes
  FROM accounts`;

export const users: Command = {
  synopsis: "users [NAME]",
  summary: "list the accounts, or show one",
  details: `An account can not be deleted or renamed here: its key stands in its groups' encrypted state, which only members can change. To shut somebody out of what is open now: \`revoke --user NAME\`.`,
  examples: ["qpq-server users", "qpq-server users alice --json"],
  positionals: [0, 1],
  run: (invocation) =>
    withDatabase(invocation, {}, (db) => {
      const { positionals: [name], nowMs, output } = invocation;
      const rows = name === undefined ? db.all<UserRow>(`${selectUsers} ORDER BY username`, nowMs, nowMs) : [userNamed(db, name, nowMs)];
      const records = rows.map((row) => ({
        cells: [row.username, String(row.devices), String(row.sessions), time(row.createdMs), time(row.lastUsedMs), size(row.attachmentBytes), toHex(row.accountKey)],
        fields: { ...row, accountKey: toHex(row.accountKey) },
      }));
      output.table(["USER", "DEVICES", "SESSIONS", "CREATED", "LAST USED", "ATTACHMENTS", "ACCOUNT KEY"], records, "no accounts");
    }),
};

function userNamed(db: Database, name: string, nowMs: number): UserRow {
  const row = db.get<UserRow>(`${selectUsers} WHERE username = ?`, nowMs, nowMs, name);
  if (!row) throw noSuchUser();
  return row;
}

/** The name is not repeated: it may be anything that somebody typed. */
export function noSuchUser(): Failure {
  return new Failure(exitCodes.failed, "no such user", "`qpq-server users` lists them; names are in lower case");
}
