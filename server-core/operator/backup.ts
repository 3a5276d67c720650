/** `qpq-server backup FILE`: writes the server's whole state into one file, for a server elsewhere. */

import { exists, folderOf } from "../storage/files.ts";
import { type Command, exitCodes, Failure } from "./command.ts";
import { size } from "./output.ts";

export const backup: Command = {
  synopsis: "backup FILE",
  summary: "write everything into one new file, beside a running server or without one",
  details: `FILE holds the database as it is at this moment, the attachments, and the core's certificate with its key. \
It is encrypted with the database's key: keep that key elsewhere. FILE must not
exist; it appears under its name only once it is whole and on disk.`,
  examples: ["qpq-server backup /backup/monday.qpq", "qpq-server backup /backup/monday.qpq --json"],
  positionals: [1, 1],
  run: async ({ config, store, positionals: [file], output }) => {
    if (exists(file)) throw new Failure(exitCodes.failed, "FILE exists already", "name a new file");
    if (!exists(folderOf(file))) throw new Failure(exitCodes.failed, "FILE's folder does not exist");
    const { attachments } = await store.backUp({ file });
    const bytes = Deno.statSync(file).size;
    output.record(
      `${size(bytes)} written, ${attachments} ${attachments === 1 ? "attachment" : "attachments"}`,
      { file, bytes, attachments, encrypted: config.dbKey !== undefined },
    );
  },
};
