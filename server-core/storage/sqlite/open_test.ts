import assert from "node:assert/strict";
import { Database } from "./database.ts";
import { openDatabase } from "./open.ts";
import { StorageFormatError } from "../errors.ts";

async function withDir(test: (dataDir: string) => void | Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-open-" });
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Name and content of every file. */
function contentOf(dataDir: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(Deno.readDirSync(dataDir), ({ name }) => [name, String(Deno.readFileSync(`${dataDir}/${name}`))]),
  );
}

/** Asserts that opening is refused with such a message and leaves every file as it was. */
function refused(dataDir: string, message: RegExp, options: { key?: string } = {}): void {
  const before = contentOf(dataDir);
  assert.throws(
    () => openDatabase({ dataDir, ...options }),
    (error) =>
      error instanceof StorageFormatError && message.test(error.message) &&
      /left as it is|left as it was/.test(error.message),
  );
  assert.deepEqual(contentOf(dataDir), before);
}

Deno.test("openDatabase() makes a database of format 2 that is durable at every commit, and opens it again", () =>
  withDir((dataDir) => {
    openDatabase({ dataDir }).close();
    const db = openDatabase({ dataDir });
    assert.deepEqual([db.pragma("journal_mode"), db.pragma("synchronous"), db.pragma("foreign_keys")], ["wal", 2, 1]);
    assert.equal(db.get<{ value: string }>("SELECT value FROM meta WHERE name = 'format'")!.value, "2");
    db.close();
  }));

Deno.test("openDatabase() applies new migrations in order, each whole or not at all", () =>
  withDir((dataDir) => {
    const one = { number: 1, name: "0001_one.sql", sql: "CREATE TABLE one (a)" };
    const two = { number: 2, name: "0002_two.sql", sql: "CREATE TABLE two (a); INSERT INTO two VALUES (1);" };
    const broken = {
      number: 3,
      name: "0003_broken.sql",
      sql: "CREATE TABLE three (a); INSERT INTO nothing VALUES (1)",
    };
    openDatabase({ dataDir, migrations: [one] }).close();
    assert.throws(() => openDatabase({ dataDir, migrations: [one, two, broken] }), /nothing/);
    const db = openDatabase({ dataDir, migrations: [one, two] });
    assert.deepEqual(
      db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").map(({ name }) =>
        name
      ),
      ["meta", "one", "two"],
    );
    assert.equal(db.pragma("user_version"), 2);
    db.close();
    assert.throws(() => openDatabase({ dataDir, migrations: [one] }), /newer server/);
  }));

Deno.test("openDatabase() refuses foreign databases, other formats, and files that are no database", () =>
  withDir((dataDir) => {
    const path = `${dataDir}/qpq.db`;
    const foreign = new Database(path);
    foreign.exec("CREATE TABLE messages (id INTEGER PRIMARY KEY)");
    foreign.close();
    refused(dataDir, /not a quicproquo database/);
    Deno.removeSync(path);
    openDatabase({ dataDir }).close();
    const older = new Database(path);
    older.exec("PRAGMA journal_mode = DELETE; UPDATE meta SET value = '1'");
    older.close();
    refused(dataDir, /storage format 1, this server needs 2/);
    Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(8192)));
    refused(dataDir, /encrypted or no SQLite database/);
  }));

Deno.test("openDatabase() refuses a directory with the deliveries.bin of format 1, with advice", () =>
  withDir((dataDir) => {
    Deno.writeTextFileSync(`${dataDir}/deliveries.bin`, "queues of format 1");
    refused(dataDir, /deliveries\.bin.*Start with an empty QPQ_DATA/);
  }));

Deno.test("openDatabase() encrypts with a key, and refuses a wrong key, no key, and a key for a plain database", () =>
  withDir(async (dataDir) => {
    const secret = "it's a key";
    const db = openDatabase({ dataDir, key: secret });
    db.exec("CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('findable-plaintext')");
    db.close();
    assert.ok(!new TextDecoder("latin1").decode(Deno.readFileSync(`${dataDir}/qpq.db`)).includes("findable-plaintext"));
    refused(dataDir, /does not open with this key.*QPQ_DB_KEY/, { key: "another" });
    refused(dataDir, /encrypted.*Set QPQ_DB_KEY/);
    const again = openDatabase({ dataDir, key: secret });
    assert.equal(again.all("SELECT * FROM words").length, 1);
    again.close();
    await withDir((plain) => {
      openDatabase({ dataDir: plain }).close();
      refused(plain, /not encrypted, but QPQ_DB_KEY is set/, { key: secret });
    });
  }));

for (const beside of ["core-key.pem", "core-cert.pem", "blobs", "qpq.db-wal"]) {
  Deno.test(`SERVERS 10: openDatabase() refuses an empty qpq.db beside ${beside}, and names restore`, () =>
    withDir((dataDir) => {
      Deno.writeTextFileSync(`${dataDir}/qpq.db`, "");
      if (beside === "blobs") Deno.mkdirSync(`${dataDir}/blobs`);
      else Deno.writeTextFileSync(`${dataDir}/${beside}`, "it was there");
      assert.throws(
        () => openDatabase({ dataDir }),
        (error) => error instanceof StorageFormatError && /lost.*qpq-server restore FILE --replace/.test(error.message),
      );
      assert.equal(Deno.statSync(`${dataDir}/qpq.db`).size, 0);
    }));
}

Deno.test("SERVERS 10: openDatabase() refuses to begin anew beside attachments; a key alone is a first start", () =>
  withDir((dataDir) => {
    Deno.mkdirSync(`${dataDir}/blobs/a7`, { recursive: true });
    assert.throws(() => openDatabase({ dataDir }), /qpq\.db is missing, but blobs\/a7 is there/);
    Deno.removeSync(`${dataDir}/blobs/a7`);
    Deno.writeTextFileSync(`${dataDir}/core-key.pem`, "made before the database, by the containers' setup");
    Deno.writeTextFileSync(`${dataDir}/qpq.db.new`, "left by a first start that was killed");
    openDatabase({ dataDir }).close();
    openDatabase({ dataDir }).close();
  }));
