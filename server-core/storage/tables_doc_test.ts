/** Compares the table of docs/storage.md with the schema of the database. */

import assert from "node:assert/strict";
import { readPage } from "../../schema/testing/doc_page.ts";
import { withTempDir } from "../testing/quic.ts";
import { openDatabase } from "./sqlite/open.ts";

/** The cells of each row of the table under "What is in the database". */
function documented(): string[][] {
  const [, section] = /\n## What is in the database\n([^]*?)\n##/.exec(readPage("docs/storage.md")) ?? [];
  const rows = (section ?? "").split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("SERVERS 8: docs/storage.md says of each table what makes a row, its bound, and what deletes it", () =>
  withTempDir((dataDir) => {
    const db = openDatabase({ dataDir });
    const tables = db.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    ).map(({ name }) => `\`${name}\``);
    db.close();
    const rows = documented();
    assert.deepEqual(rows.map(([name]) => name).sort(), tables.sort());
    for (const cells of rows) assert.ok(cells.length === 4 && cells.every((cell) => cell !== ""), cells[0]);
    return Promise.resolve();
  }));
