/** `qpq-server check`: whether the data is complete and undamaged. */

import { type Command, exitCodes, Failure } from "./command.ts";

/** The most faults that are printed; the count tells the rest. */
const mostShown = 20;

export const check: Command = {
  synopsis: "check [--hashes]",
  summary: "look through the database and the attachments for damage",
  details: `Reads every page of the database (with a key each page is authenticated), its indexes and references, \
and holds the attachments' records against their files: there, and of their length; with
--hashes also of their content. Changes nothing; runs beside a server too. Exit code 4 when something is wrong.`,
  examples: ["qpq-server check", "qpq-server check --hashes --json"],
  options: { hashes: { type: "boolean" } },
  positionals: [0, 0],
  run: async ({ store, options, output }) => {
    const found = await store.faults({ hashes: options.hashes === true });
    output.record(found.length === 0 ? "no damage found" : found.slice(0, mostShown).join("\n"), {
      ok: found.length === 0,
      faults: found,
    });
    if (found.length > 0) {
      throw new Failure(
        exitCodes.damaged,
        `${found.length} ${found.length === 1 ? "fault" : "faults"} found`,
        "stop the server, keep a copy of the data directory, then restore the newest backup",
      );
    }
  },
};
