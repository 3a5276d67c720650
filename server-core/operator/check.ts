/** `qpq-server check`: is everything there and whole? */

import { createHash } from "node:crypto";
import { toHex } from "../../schema/bytes.ts";
import { blobPath } from "../delivery/blob_files.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { withDatabase } from "./access.ts";
import { type Command, exitCodes, Failure } from "./command.ts";

/** As many faults as a person reads; the count says the rest. */
const mostShown = 20;

export const check: Command = {
  synopsis: "check [--hashes]",
  summary: "look through the database and the attachments for damage",
  details:
    `Reads every page of the database (with a key each page is authenticated), its indexes and references, and holds the attachments' records against their files: there, and of their length; with
--hashes also of their content. Changes nothing; runs beside a server too. Exit code 4 when something is wrong.`,
  examples: ["qpq-server check", "qpq-server check --hashes --json"],
  options: { hashes: { type: "boolean" } },
  positionals: [0, 0],
  run: async (invocation) => {
    const { config: { dataDir }, options, nowMs, output } = invocation;
    let found: string[];
    try {
      found = await withDatabase(
        invocation,
        { anySchema: true },
        (db) => [...faultsOf(db), ...attachmentFaults(db, `${dataDir}/blobs`, nowMs, options.hashes === true)],
      );
    } catch (error) {
      // So damaged that it can not even be opened, or that a table can not be read.
      if (!(error as { code?: string }).code?.startsWith("SQLITE_")) throw error;
      found = [(error as Error).message];
    }
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

/** @returns what is wrong with a database, in SQLite's words; empty when nothing is */
export function faultsOf(db: Database): string[] {
  try {
    const integrity = db.all<{ integrity_check: string }>("PRAGMA integrity_check").map((row) => row.integrity_check)
      .filter((text) => text !== "ok");
    const references = db.all<{ table: string; parent: string }>("PRAGMA foreign_key_check").map(({ table, parent }) =>
      `a row of ${table} refers to no row of ${parent}`
    );
    return [...integrity, ...references];
  } catch (error) {
    // A page that is no page of this database, or that does not authenticate.
    return [(error as Error).message];
  }
}

function attachmentFaults(db: Database, folder: string, nowMs: number, hashes: boolean): string[] {
  const records = db.all<{ sha256: Uint8Array<ArrayBuffer>; length: number }>(
    "SELECT sha256, max(length) AS length FROM blobs WHERE expires_ms > ? GROUP BY sha256",
    nowMs,
  );
  return records.flatMap(({ sha256, length }) => {
    const name = toHex(sha256);
    try {
      const path = blobPath(folder, sha256);
      if (Deno.statSync(path).size !== length) return [`attachment ${name} has another length than its record`];
      return hashes && hashOf(path) !== name ? [`attachment ${name} has another content than its name says`] : [];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [`attachment ${name} has a record and no file`];
      throw error;
    }
  });
}

function hashOf(path: string): string {
  const hash = createHash("sha256");
  using file = Deno.openSync(path, { read: true });
  const piece = new Uint8Array(1024 * 1024);
  for (let length = file.readSync(piece); length !== null; length = file.readSync(piece)) {
    hash.update(piece.subarray(0, length));
  }
  return hash.digest("hex");
}
