/** `qpq-server revoke`: ends sessions. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import { isServed } from "../storage/sqlite/data_lock.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { withDatabase } from "./access.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { noSuchUser } from "./users.ts";

type Selection = { where: string; value: string | Uint8Array };

const options = {
  session: { type: "string" },
  device: { type: "string" },
  user: { type: "string" },
  all: { type: "boolean" },
} as const;

export const revoke: Command = {
  synopsis: "revoke (--session ID | --device ID | --user NAME | --all)",
  summary: "end one session, or all of a device, of a user, of everybody",
  details:
    `Within a second a running server refuses the tokens and ends open subscriptions. Messages go on waiting in the queues.

This signs devices out; it does not take them out of their account or its groups. Only the account itself can do that, because its own key signs the list of its devices: the owner
revokes the device on another one. Until then whoever knows the password can sign in again on the same device.`,
  examples: [
    "qpq-server revoke --user alice",
    "qpq-server revoke --session 0123456789abcdef0123456789abcdef",
    "qpq-server revoke --all    # after a restore",
  ],
  options,
  positionals: [0, 0],
  run: (invocation) => {
    const selection = selectionOf(invocation);
    return withDatabase(invocation, { write: true }, (db) => {
      if (
        invocation.options.user !== undefined && !db.get("SELECT 1 FROM accounts WHERE username = ?", selection!.value)
      ) throw noSuchUser();
      const ended = end(db, selection);
      if (ended.length === 0 && (invocation.options.session ?? invocation.options.device) !== undefined) {
        throw new Failure(exitCodes.failed, "no such session", "`qpq-server devices USER` shows the ids");
      }
      const running = isServed(invocation.config.dataDir);
      const text = `${ended.length} ${ended.length === 1 ? "session" : "sessions"} ended${
        running ? "; the running server refuses them within a second" : ""
      }`;
      invocation.output.record(text, { ended: ended.length, sessionIds: ended, serverRunning: running });
    });
  },
};

/** @returns undefined for all */
function selectionOf({ options: given }: Invocation): Selection | undefined {
  if (Object.keys(options).filter((name) => given[name] !== undefined).length !== 1) {
    throw new Failure(
      exitCodes.usage,
      "one of --session ID, --device ID, --user NAME, --all",
      "qpq-server revoke --help",
    );
  }
  if (given.user !== undefined) {
    return {
      where: "device_id IN (SELECT device_id FROM devices JOIN accounts USING (account_key) WHERE username = ?)",
      value: given.user as string,
    };
  }
  if (given.session !== undefined) return { where: "session_id = ?", value: idOf(given.session as string) };
  if (given.device !== undefined) return { where: "device_id = ?", value: idOf(given.device as string) };
  return undefined;
}

function idOf(text: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(text)) {
    throw new Failure(exitCodes.usage, "ID: 32 hex digits", "`qpq-server devices USER` shows the ids");
  }
  return fromHex(text);
}

function end(db: Database, selection: Selection | undefined): string[] {
  const rows = selection
    ? db.all<{ sessionId: Uint8Array }>(
      `DELETE FROM sessions WHERE ${selection.where} RETURNING session_id AS sessionId`,
      selection.value,
    )
    : db.all<{ sessionId: Uint8Array }>("DELETE FROM sessions RETURNING session_id AS sessionId");
  return rows.map(({ sessionId }) => toHex(sessionId));
}
