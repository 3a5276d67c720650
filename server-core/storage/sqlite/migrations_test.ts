import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openDatabase, readMigrations } from "./open.ts";
import { StorageFormatError } from "../errors.ts";

/** SHA-256 of the released migrations. A line is added with each migration and never changed. */
const released: Record<string, string> = {
  "0001_accounts.sql": "982d8e3ac3169b1d3317b6f98d2ecfe7dedeec9b6c35fdad2afb4267b567f396",
  "0002_delivery.sql": "20cc81af945e5baf9d603e41578cc4d5914157cd750db2e195403681caed30b3",
  "0003_commit_changes.sql": "34031d16f5dc9e77fb5fa7b46a5d5b599e2514521dec869eb4a656686887dd82",
  "0004_recovery_key.sql": "05171daa9e59778e693e097731d832b61b5610dd09bcddaa89d4093cfc54c779",
  "0005_account_state.sql": "684f6abc2b7c08063024b7e58d525d13d1510798b180331fd883f585c4d04323",
  "0006_restores.sql": "70c460eae44ab197cc68ae1d7ca29f81dcea1e5ece09ad6e0f91c0f4d60ce35d",
  "0007_places.sql": "f1ac9f36357428789983ffe956b480f9916423474e2c5ae8f360328bba7b746b",
  "0008_members_by_queue.sql": "edc42d77bb698d48f260a67b13a3c0717ba7aab95682fc7d972f99bb0cddc8aa",
  "0009_queue_numbers.sql": "9c280550cd182a669d0e595b315e3ef4d844620694735062223811d2ab4f485a",
  "0010_bounds.sql": "1b30ccf3c29bc76e87c9da61d6834a0d3911b3779d016e5dad185103c2100f12",
  "0011_clock.sql": "c5ade64690ae16cec724425d19fad55c0d80f3f2085350fd8c6c41a2d1a8d79c",
  "0012_commit_totals.sql": "d599ea22bc991addbab78b61cd1bc791e2a1278834a15c2f7444c4b13ea1de89",
  "0013_links.sql": "1a0bf6273868a9c0a0d052e3064c718af813e2a56d3d035053bc8bf4b70e352a",
};

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);

/** Rows of a server of that version, by the migration that made their tables, and a query that finds them. */
const rows: Record<number, { insert: [string, ...(string | number | Uint8Array)[]][]; find: string }> = {
  1: {
    insert: [
      [
        `INSERT INTO accounts (account_key, username, opaque_record, list_version, list, list_signature,
         vault_version, vault_sealed, wrapped_by_password, wrapped_by_recovery, created_ms)
         VALUES (?, 'alice', ?, 1, ?, ?, 3, ?, ?, ?, 17)`,
        bytes(32, 1),
        bytes(129, 2),
        bytes(9, 3),
        bytes(64, 4),
        bytes(40, 5),
        bytes(92, 6),
        bytes(92, 7),
      ],
      [
        "INSERT INTO devices (device_id, recipient_key, account_key, enrolled, created_ms) VALUES (?, ?, ?, 1, 17)",
        bytes(16, 8),
        bytes(32, 9),
        bytes(32, 1),
      ],
      [
        `INSERT INTO sessions (session_id, token_sha256, device_id, created_ms, last_used_ms, expires_ms)
         VALUES (?, ?, ?, 17, 18, 19)`,
        bytes(16, 10),
        bytes(32, 11),
        bytes(16, 8),
      ],
    ],
    find: `SELECT username || vault_version || hex(wrapped_by_recovery) || hex(token_sha256) AS found
     FROM accounts JOIN devices USING (account_key) JOIN sessions USING (device_id)`,
  },
  2: {
    insert: [
      [
        "INSERT INTO queues (queue, recipient_key, next_seq, waiting, waiting_bytes) VALUES (5, ?, 8, 1, 700)",
        bytes(32, 9),
      ],
      ["INSERT INTO channels (channel, channel_id, epoch, creator, created_ms) VALUES (3, ?, 4, 5, 17)", bytes(32, 12)],
      ["INSERT INTO members (channel, queue) VALUES (3, 5)"],
      ["INSERT INTO commits (channel, commit_id, content_hash, n) VALUES (3, ?, ?, 4)", bytes(16, 13), bytes(32, 14)],
      ["INSERT INTO bodies (body, length, refs) VALUES (1, 700, 1)"],
      ["INSERT INTO body_pieces (piece, bytes) VALUES (1024, ?)", bytes(700, 15)],
      [
        `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms, body)
         VALUES (5, 7, 0, 3, 4, ?, 18, 1)`,
        bytes(16, 16),
      ],
    ],
    find: `SELECT seq || hex(id) || hex(bytes) || channels.epoch || commits.n AS found FROM entries
     JOIN channels USING (channel) JOIN commits USING (channel) JOIN members USING (channel, queue)
     JOIN body_pieces ON piece = body * 1024`,
  },
  11: {
    insert: [["INSERT INTO clock (id, newest_ms, step_ms, steady_ms, accepted) VALUES (1, 19, 5, 6, 7)"]],
    find: "SELECT newest_ms || '.' || step_ms || '.' || steady_ms || '.' || accepted AS found FROM clock",
  },
};

Deno.test("migrations that were released are never changed", () => {
  for (const { name, sql } of readMigrations()) {
    assert.equal(
      createHash("sha256").update(sql).digest("hex"),
      released[name],
      `${name}: add its hash when it is new; a released one must stay`,
    );
  }
  assert.equal(Object.keys(released).length, readMigrations().length);
});

for (const { number } of readMigrations().slice(0, -1)) {
  Deno.test(`a database of schema ${number} keeps its rows when migrated; older servers refuse it`, async () => {
    const dataDir = await Deno.makeTempDir({ prefix: "qpq-migrations-" });
    try {
      const older = readMigrations().filter((migration) => migration.number <= number);
      const before = openDatabase({ dataDir, migrations: older });
      const expected: Record<string, unknown> = {};
      for (const [made, { insert, find }] of Object.entries(rows)) {
        if (Number(made) > number) continue;
        for (const [sql, ...values] of insert) before.run(sql, ...values);
        expected[made] = before.get<{ found: string }>(find)!.found;
      }
      before.close();
      const after = openDatabase({ dataDir });
      assert.equal(after.pragma("user_version"), readMigrations().at(-1)!.number);
      for (const [made, found] of Object.entries(expected)) {
        assert.equal(after.get<{ found: string }>(rows[Number(made)].find)!.found, found);
      }
      assert.deepEqual(after.all("PRAGMA foreign_key_check"), []);
      assert.equal(after.pragma("integrity_check"), "ok");
      after.close();
      const content = Deno.readFileSync(`${dataDir}/qpq.db`);
      assert.throws(
        () => openDatabase({ dataDir, migrations: older }),
        (error) => error instanceof StorageFormatError && /made by a newer server/.test(error.message),
      );
      assert.deepEqual(Deno.readFileSync(`${dataDir}/qpq.db`), content);
    } finally {
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}
