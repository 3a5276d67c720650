/** `qpq-server restore FILE`: replaces the data by a backup. */

import { exists } from "../storage/files.ts";
import { type Command, exitCodes, Failure } from "./command.ts";

export const restore: Command = {
  synopsis: "restore FILE [--replace]",
  summary: "put a backup in the place of the data; the server must be stopped",
  details: `The backup is checked whole before anything changes. Data that is there is replaced with --replace only, \
and kept aside in before-restore-…/ of the data directory. A crash in the middle
leaves the old data or the new.

Clients notice that the server went back in time: devices send once more what they had sent since the backup, \
and conversations that had changed meanwhile move to a fresh channel, with a line that says
so. Accounts and attachments from after the backup are gone. If the backup may have been in other hands, end \
all sessions: qpq-server revoke --all`,
  examples: ["qpq-server restore /backup/monday.qpq", "qpq-server restore /backup/monday.qpq --replace"],
  options: { replace: { type: "boolean" } },
  positionals: [1, 1],
  run: async ({ store, positionals: [file], options, output }) => {
    if (!exists(file)) throw new Failure(exitCodes.failed, "FILE does not exist");
    const { attachments, aside } = await store.restore({ file, replace: options.replace === true });
    output.record(
      `restored, ${attachments} ${attachments === 1 ? "attachment" : "attachments"}${
        aside ? `; the data from before is in ${aside}` : ""
      }`,
      { file, attachments, before: aside ?? null },
    );
  },
};
