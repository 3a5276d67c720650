import assert from "node:assert/strict";
import Sqlite from "better-sqlite3-multiple-ciphers";
import { StorageFullError } from "../../client/storage/storage.ts";
import { storageContract } from "../../client/storage/testing/contract.ts";
import { SqliteStorage } from "./sqlite_storage.ts";
import { StateError } from "./state_error.ts";

storageContract("SqliteStorage", () => Promise.resolve(SqliteStorage.open(`${Deno.makeTempDirSync()}/state.db`)));

const hashOf = async (path: string) => new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path)));
const bytes = (...values: number[]) => Uint8Array.from(values);

async function made(passphrase?: string): Promise<string> {
  const path = `${await Deno.makeTempDir()}/state.db`;
  const storage = SqliteStorage.open(path, passphrase);
  await storage.wrappingKey();
  await storage.write({ puts: [{ store: "meta", key: "a", value: bytes(1, 2, 3) }] });
  await storage.close();
  return path;
}

const refuses = (work: () => unknown, what: RegExp) =>
  assert.throws(work, (error) => error instanceof StateError && what.test(error.message) && error.hint !== "");

Deno.test("SqliteStorage keeps what it wrote, readable by its owner alone", async () => {
  const path = await made();
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  const again = SqliteStorage.open(path);
  assert.deepEqual(await again.get("meta", "a"), bytes(1, 2, 3));
  await again.wrappingKey();
  again.markPrinted("chat", "0002");
  again.markPrinted("chat", "0001");
  assert.equal(again.printedUpTo("chat"), "0002");
  assert.equal(again.printedUpTo("other"), "");
  await again.close();
});

Deno.test("SqliteStorage with a passphrase stores no plaintext, and opens with that passphrase only", async () => {
  const path = await made("it's a long one");
  const before = await hashOf(path);
  assert.equal(
    new TextDecoder("latin1").decode((await Deno.readFile(path)).subarray(0, 15)).startsWith("SQLite"),
    false,
  );
  refuses(() => SqliteStorage.open(path, "another one"), /does not open with this passphrase/);
  refuses(() => SqliteStorage.open(path), /is encrypted/);
  assert.deepEqual(await hashOf(path), before);
  const again = SqliteStorage.open(path, "it's a long one");
  assert.deepEqual(await again.get("meta", "a"), bytes(1, 2, 3));
  await again.close();
});

Deno.test("SqliteStorage refuses a second process, a needless passphrase and foreign files, unchanged", async () => {
  const path = await made();
  const before = await hashOf(path);
  refuses(() => SqliteStorage.open(path, "a passphrase"), /is not encrypted/);
  const first = SqliteStorage.open(path);
  refuses(() => SqliteStorage.open(path), /in use by another qpq/);
  await first.close();
  assert.deepEqual(await hashOf(path), before);
  const text = `${await Deno.makeTempDir()}/notes.txt`;
  await Deno.writeTextFile(text, "SQLite format 3\0 but not really, and long enough to look like a file of some kind");
  refuses(() => SqliteStorage.open(text), /no state of qpq/);
  refuses(() => SqliteStorage.open("/nowhere/at/all.db"), /can not be made/);
});

Deno.test("SqliteStorage leaves nothing of a deleted record in its file, nor of any after clear()", async () => {
  const path = `${await Deno.makeTempDir()}/state.db`;
  const marker = (text: string) => new TextEncoder().encode(text.repeat(20));
  const storage = SqliteStorage.open(path);
  await storage.write({
    puts: [{ store: "ratchets", key: "old", value: marker("a past key") }, {
      store: "ratchets",
      key: "kept",
      value: marker("a live key"),
    }],
  });
  await storage.close();
  const later = SqliteStorage.open(path);
  await later.write({ deletes: [{ store: "ratchets", key: "old" }] });
  await later.close();
  const holds = async (text: string) => new TextDecoder("latin1").decode(await Deno.readFile(path)).includes(text);
  assert.deepEqual([await holds("a past key"), await holds("a live key")], [false, true]);
  const last = SqliteStorage.open(path);
  await last.clear();
  await last.close();
  assert.equal(await holds("a live key"), false);
});

/** @returns the storage, and its file's limit in pages: 0 as much as it has now, undefined none */
async function onSmallDisk(): Promise<{ storage: SqliteStorage; limit(isFull: boolean): void }> {
  const opened: Sqlite.Database[] = [];
  const { pragma } = Sqlite.prototype;
  Sqlite.prototype.pragma = function (this: Sqlite.Database, ...asked: Parameters<typeof pragma>) {
    opened.push(this);
    return pragma.apply(this, asked);
  };
  const storage = SqliteStorage.open(`${await Deno.makeTempDir()}/state.db`);
  Sqlite.prototype.pragma = pragma;
  return {
    storage,
    // SQLite's own "disk full": it raises a limit that is too small to the pages that there are.
    limit: (isFull) => void opened[0].pragma(`max_page_count = ${isFull ? 1 : 4294967294}`),
  };
}

Deno.test("PEOPLE B0: SqliteStorage says that the disk is full, and goes on when there is room", async () => {
  const { storage, limit } = await onSmallDisk();
  const put = (key: string, length: number) =>
    storage.write({ puts: [{ store: "meta", key, value: new Uint8Array(length) }] });
  await put("a", 10);
  limit(true);
  for (let tries = 0; tries < 3; tries++) await assert.rejects(put("b", 100_000), StorageFullError);
  assert.deepEqual(await storage.get("meta", "a"), new Uint8Array(10));
  assert.equal(await storage.get("meta", "b"), undefined);
  limit(false);
  await put("b", 100_000);
  assert.equal((await storage.get("meta", "b"))?.length, 100_000);
  await storage.close();
});
