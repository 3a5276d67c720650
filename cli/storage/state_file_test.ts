import assert from "node:assert/strict";
import Sqlite from "better-sqlite3-multiple-ciphers";
import { SqliteStorage } from "./sqlite_storage.ts";
import { StateError } from "./state_error.ts";

const inFolder = (name: string) => `${Deno.makeTempDirSync()}/${name}`;
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

function refuses(path: string, what: RegExp, hint: RegExp, passphrase?: string): void {
  assert.throws(
    () => SqliteStorage.open(path, passphrase),
    (error) => error instanceof StateError && what.test(error.message) && hint.test(error.hint),
  );
}

async function newState(path: string, passphrase?: string): Promise<void> {
  const storage = SqliteStorage.open(path, passphrase);
  await storage.wrappingKey();
  await storage.close();
}

/** Asserts that opening a foreign file is refused and leaves the file unchanged. */
function leavesAlone(path: string, what: RegExp, hint: RegExp, passphrase?: string): void {
  const before = Deno.readFileSync(path);
  const mode = modeOf(path);
  const files = () => [...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].map(({ name }) => name).sort();
  const beside = files();
  refuses(path, what, hint, passphrase);
  assert.deepEqual(Deno.readFileSync(path), before);
  assert.equal(modeOf(path), mode);
  assert.deepEqual(files(), beside);
}

Deno.test("SqliteStorage.open() refuses a folder, a pipe and a symbolic link", async () => {
  const folder = Deno.makeTempDirSync();
  refuses(folder, /is a folder$/, /--state .*\/qpq-state\.db$/);
  const pipe = `${folder}/pipe`;
  assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
  refuses(pipe, /keeps anything/, /--state/);
  await newState(`${folder}/real.db`);
  Deno.symlinkSync(`${folder}/real.db`, `${folder}/link.db`);
  refuses(`${folder}/link.db`, /is a symbolic link$/, /leads to/);
  Deno.symlinkSync(`${folder}/nothing.db`, `${folder}/dangling.db`);
  refuses(`${folder}/dangling.db`, /is a symbolic link$/, /leads to/);
  assert.throws(() => Deno.lstatSync(`${folder}/nothing.db`), Deno.errors.NotFound);
});

Deno.test("SqliteStorage.open() reports a missing folder, and creates none", () => {
  refuses(`${inFolder("none")}/state.db`, /can not be made/, /make the folder first/);
});

Deno.test("SqliteStorage.open() tightens the permissions of a state that others can read, and says so", async () => {
  const path = inFolder("state.db");
  await newState(path);
  Deno.chmodSync(path, 0o644);
  Deno.writeFileSync(`${path}-wal`, new Uint8Array(), { mode: 0o666 });
  Deno.chmodSync(`${path}-wal`, 0o666);
  const notes: string[] = [];
  const storage = SqliteStorage.open(path, undefined, (text) => notes.push(text));
  assert.equal(modeOf(path), 0o600);
  assert.equal(modeOf(`${path}-wal`), 0o600);
  assert.match(
    notes.join("\n"),
    /^others could read .*state\.db until now.*\nothers could read .*state\.db-wal until now/,
  );
  await storage.close();
  await SqliteStorage.open(path, undefined, (text) => assert.fail(text)).close();
});

Deno.test("SqliteStorage.open() creates files that only the owner can read, whatever the umask", async () => {
  const path = inFolder("state.db");
  const before = Deno.umask(0);
  try {
    const storage = SqliteStorage.open(path);
    await storage.wrappingKey();
    for (const { name } of Deno.readDirSync(path.slice(0, -"/state.db".length))) {
      assert.equal(modeOf(path.replace("state.db", name)), 0o600, name);
    }
    await storage.close();
  } finally {
    Deno.umask(before);
  }
});

Deno.test("SqliteStorage.open() refuses foreign files and newer states by name, and leaves them unchanged", () => {
  const text = inFolder("notes.txt");
  Deno.writeTextFileSync(text, "a text that somebody wants to keep\n", { mode: 0o644 });
  leavesAlone(text, /is no state of qpq/, /--state/);
  leavesAlone(text, /is no state of qpq/, /--state/, "a passphrase");
  const other = inFolder("other.db");
  const bookmarks = new Sqlite(other);
  bookmarks.exec("CREATE TABLE bookmarks (address TEXT); INSERT INTO bookmarks VALUES ('https://example.org')");
  bookmarks.close();
  Deno.chmodSync(other, 0o644);
  leavesAlone(other, /is a database, but no state of qpq/, /--state/);
  const newer = inFolder("newer.db");
  SqliteStorage.open(newer).close();
  const changed = new Sqlite(newer);
  changed.pragma("user_version = 2");
  changed.pragma("journal_mode = DELETE");
  changed.close();
  leavesAlone(newer, /was made by a newer qpq \(format 2, this one knows 1\)/, /update qpq/);
});

Deno.test("SqliteStorage.open() accepts any characters in a passphrase, and no other opens it", async () => {
  const path = inFolder("state.db");
  const passphrase = `it's "; DROP TABLE records; -- größe 🔑`;
  await newState(path, passphrase);
  await newState(path, passphrase);
  leavesAlone(path, /does not open with this passphrase/, /check the passphrase/, `${passphrase} `);
  leavesAlone(path, /is encrypted$/, /--passphrase-file or QPQ_PASSPHRASE/);
});

Deno.test("SqliteStorage.open() accepts any file name but one that ends in a blank", async () => {
  const folder = Deno.makeTempDirSync();
  refuses(`${folder}/state.db `, /begins or ends with a blank/, /--state/);
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    for (const name of [":memory:", "file:state.db?mode=memory", "größe, 100% #1?.db"]) {
      await newState(name);
      assert.ok(Deno.statSync(`${folder}/${name}`).size > 0, name);
    }
  } finally {
    Deno.chdir(before);
  }
});
