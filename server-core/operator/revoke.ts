/** `qpq-server revoke`: ends sessions. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import type { SessionSelection } from "../storage/operator_store.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { noSuchUser } from "./users.ts";

const options = {
  session: { type: "string" },
  device: { type: "string" },
  user: { type: "string" },
  all: { type: "boolean" },
} as const;

export const revoke: Command = {
  synopsis: "revoke (--session ID | --device ID | --user NAME | --all)",
  summary: "end one session, or all of a device, of a user, of everybody",
  details: `Within a second a running server refuses the tokens and ends open subscriptions. Messages go on waiting \
in the queues.

This signs devices out; it does not take them out of their account or its groups. Only the account itself can \
do that, because its own key signs the list of its devices: the owner
revokes the device on another one. Until then whoever knows the password can sign in again on the same device.`,
  examples: [
    "qpq-server revoke --user alice",
    "qpq-server revoke --session 0123456789abcdef0123456789abcdef",
    "qpq-server revoke --all    # after a restore",
  ],
  options,
  positionals: [0, 0],
  run: async (invocation) => {
    const { store, options: given, output } = invocation;
    const found = await store.endSessions({ sessions: selectionOf(invocation) });
    if (!found) throw noSuchUser();
    if (found.length === 0 && (given.session ?? given.device) !== undefined) {
      throw new Failure(exitCodes.failed, "no such session", "`qpq-server devices USER` shows the ids");
    }
    const ended = found.map(toHex);
    const running = await store.isServed();
    const text = `${ended.length} ${ended.length === 1 ? "session" : "sessions"} ended${
      running ? "; the running server refuses them within a second" : ""
    }`;
    output.record(text, { ended: ended.length, sessionIds: ended, serverRunning: running });
  },
};

function selectionOf({ options: given }: Invocation): SessionSelection {
  if (Object.keys(options).filter((name) => given[name] !== undefined).length !== 1) {
    throw new Failure(
      exitCodes.usage,
      "one of --session ID, --device ID, --user NAME, --all",
      "qpq-server revoke --help",
    );
  }
  if (given.user !== undefined) return { username: given.user as string };
  if (given.session !== undefined) return { sessionId: idOf(given.session as string) };
  if (given.device !== undefined) return { deviceId: idOf(given.device as string) };
  return "all";
}

function idOf(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-f]{32}$/.test(text)) {
    throw new Failure(exitCodes.usage, "ID: 32 hex digits", "`qpq-server devices USER` shows the ids");
  }
  return fromHex(text);
}
