/** `qpq-server users`: lists accounts, shows one in detail, disables and deletes. */

import { toHex } from "../../schema/bytes.ts";
import type { AccountChange } from "../storage/operator_store.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { size, time } from "./output.ts";

const changes: AccountChange[] = ["disable", "enable", "delete"];

export const users: Command = {
  synopsis: "users [NAME | disable NAME | enable NAME | delete NAME --yes]",
  summary: "list the accounts, show one, shut one out, let it in again, or delete it",
  details: `disable ends the account's sessions (a running server refuses them within a second) and refuses to sign \
in and to recover as if the name were unknown. What others send goes on waiting; enable brings it all back.

delete is for good: password, vault with all that the account's devices share, sessions, KeyPackages, waiting \
messages and attachments go. Its devices are shut out, under another account too. Its name, account key and signed
device list stay: nobody else can register the name and be taken for that person, and its groups can still \
tell its devices, until an admin removes them: only members can change a group. What it sent to others is theirs.`,
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
    const wanted = changes.find((name) => name === first);
    if (!wanted) {
      throw new Failure(
        exitCodes.usage,
        "users NAME, users disable NAME, users enable NAME or users delete NAME --yes",
        "qpq-server users --help",
      );
    }
    if (wanted === "delete" && !options.yes) {
      throw new Failure(
        exitCodes.usage,
        "delete can not be undone",
        "users delete NAME --yes; `users disable NAME` can be undone",
      );
    }
    return change(invocation, second, wanted);
  },
};

const list: Command["run"] = async ({ store, positionals: [name], output }) => {
  const found = name === undefined ? await store.accounts() : [await store.account({ username: name })];
  const records = found.map((account) => {
    if (!account) throw noSuchUser();
    const accountKey = toHex(account.accountKey);
    return {
      cells: [
        account.username,
        account.state,
        String(account.devices),
        String(account.sessions),
        time(account.createdMs),
        time(account.lastUsedMs),
        size(account.attachmentBytes),
        accountKey,
      ],
      fields: { ...account, accountKey },
    };
  });
  output.table(
    ["USER", "STATE", "DEVICES", "SESSIONS", "CREATED", "LAST USED", "ATTACHMENTS", "ACCOUNT KEY"],
    records,
    "no accounts",
  );
};

async function change({ store, output }: Invocation, username: string, wanted: AccountChange): Promise<void> {
  const changed = await store.changeAccount({ username, change: wanted });
  if (!changed) throw noSuchUser();
  const { before, state, endedSessions } = changed;
  if (before === "deleted") throw new Failure(exitCodes.failed, "the account is deleted", "its name stays reserved");
  const running = await store.isServed();
  const text = `${state}${
    endedSessions > 0 ? `; ${endedSessions} ${endedSessions === 1 ? "session" : "sessions"} ended` : ""
  }${running && state !== "active" ? "; the running server knows within a second" : ""}`;
  output.record(text, { username, state, endedSessions, serverRunning: running });
}

/** The message does not repeat the name, which may be any text. */
export function noSuchUser(): Failure {
  return new Failure(exitCodes.failed, "no such user", "`qpq-server users` lists them; names are in lower case");
}
