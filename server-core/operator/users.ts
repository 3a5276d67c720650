/** `qpq-server users`: accounts, one of them in detail, and shutting one out. */

import { toHex } from "../../schema/bytes.ts";
import { isServed } from "../storage/sqlite/data_lock.ts";
import {
  type AccountAction,
  deleteAccount,
  disableAccount,
  enableAccount,
} from "../storage/sqlite/accounts/account_state.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { withDatabase } from "./access.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { size, time } from "./output.ts";

interface UserRow {
  username: string;
  state: "active" | "disabled" | "deleted";
  accountKey: Uint8Array;
  createdMs: number;
  devices: number;
  sessions: number;
  lastUsedMs: number | null;
  attachmentBytes: number;
}

const selectUsers = `SELECT username, state, account_key AS accountKey, created_ms AS createdMs,
  (SELECT count(*) FROM devices WHERE devices.account_key = accounts.account_key AND enrolled = 1) AS devices,
  (SELECT count(*) FROM sessions JOIN devices USING (device_id) WHERE devices.account_key = accounts.account_key AND expires_ms > ?) AS sessions,
  (SELECT max(last_used_ms) FROM sessions JOIN devices USING (device_id) WHERE devices.account_key = accounts.account_key) AS lastUsedMs,
  (SELECT coalesce(sum(length), 0) FROM blobs WHERE blobs.account_key = accounts.account_key AND expires_ms > ?) AS attachmentBytes
  FROM accounts`;

const actions: Record<string, AccountAction> = {
  disable: disableAccount,
  enable: enableAccount,
  delete: deleteAccount,
};

export const users: Command = {
  synopsis: "users [NAME | disable NAME | enable NAME | delete NAME --yes]",
  summary: "list the accounts, show one, shut one out, let it in again, or delete it",
  details:
    `disable ends the account's sessions (a running server refuses them within a second) and refuses to sign in and to recover as if the name were unknown. What others send goes on waiting; enable brings it all back.

delete is for good: password, vault with all that the account's devices share, sessions, KeyPackages, waiting messages and attachments go. Its devices are shut out, under another account too. Its name, account key and signed
device list stay: nobody else can register the name and be taken for that person, and its groups can still tell its devices, until an admin removes them: only members can change a group. What it sent to others is theirs.`,
  examples: [
    "qpq-server users",
    "qpq-server users alice --json",
    "qpq-server users disable alice",
    "qpq-server users enable alice",
    "qpq-server users delete alice --yes",
  ],
  options: { yes: { type: "boolean" } },
  positionals: [0, 2],
  run: (invocation) => {
    const { positionals: [first, second], options } = invocation;
    if (second === undefined) return list(invocation);
    const action = Object.hasOwn(actions, first) ? actions[first] : undefined;
    if (!action) {
      throw new Failure(
        exitCodes.usage,
        "users NAME, users disable NAME, users enable NAME or users delete NAME --yes",
        "qpq-server users --help",
      );
    }
    if (action === actions.delete && !options.yes) {
      throw new Failure(
        exitCodes.usage,
        "delete can not be undone",
        "users delete NAME --yes; `users disable NAME` can be undone",
      );
    }
    return change(invocation, second, action);
  },
};

const list: Command["run"] = (invocation) =>
  withDatabase(invocation, {}, (db) => {
    const { positionals: [name], nowMs, output } = invocation;
    const rows = name === undefined
      ? db.all<UserRow>(`${selectUsers} ORDER BY username`, nowMs, nowMs)
      : [userNamed(db, name, nowMs)];
    const records = rows.map((row) => ({
      cells: [
        row.username,
        row.state,
        String(row.devices),
        String(row.sessions),
        time(row.createdMs),
        time(row.lastUsedMs),
        size(row.attachmentBytes),
        toHex(row.accountKey),
      ],
      fields: { ...row, accountKey: toHex(row.accountKey) },
    }));
    output.table(
      ["USER", "STATE", "DEVICES", "SESSIONS", "CREATED", "LAST USED", "ATTACHMENTS", "ACCOUNT KEY"],
      records,
      "no accounts",
    );
  });

function change(invocation: Invocation, name: string, action: AccountAction): Promise<void> {
  return withDatabase(invocation, { write: true }, (db) => {
    const { accountKey, state } = userNamed(db, name, invocation.nowMs);
    if (state === "deleted") throw new Failure(exitCodes.failed, "the account is deleted", "its name stays reserved");
    // All or nothing, whenever the process ends.
    db.exec("BEGIN IMMEDIATE");
    const changed = action(db, accountKey, invocation.nowMs);
    db.exec("COMMIT");
    const running = isServed(invocation.config.dataDir);
    const { state: now } = userNamed(db, name, invocation.nowMs);
    const text = `${now}${
      changed.endedSessions > 0
        ? `; ${changed.endedSessions} ${changed.endedSessions === 1 ? "session" : "sessions"} ended`
        : ""
    }${running && now !== "active" ? "; the running server knows within a second" : ""}`;
    invocation.output.record(text, { username: name, state: now, ...changed, serverRunning: running });
  });
}

function userNamed(db: Database, name: string, nowMs: number): UserRow {
  const row = db.get<UserRow>(`${selectUsers} WHERE username = ?`, nowMs, nowMs, name);
  if (!row) throw noSuchUser();
  return row;
}

/** The name is not repeated: it may be anything that somebody typed. */
export function noSuchUser(): Failure {
  return new Failure(exitCodes.failed, "no such user", "`qpq-server users` lists them; names are in lower case");
}
