import assert from "node:assert/strict";
import { MalformedError } from "../../../schema/malformed_error.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { type OperationTable, type Request, runBatch } from "./batch.ts";
import { Database } from "./database.ts";

function database(): Database {
  const db = new Database(":memory:");
  db.exec(
    `PRAGMA foreign_keys = ON; CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT,
     parent INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)`,
  );
  return db;
}

const operations: OperationTable = {
  notes: {
    add: (db, text: string, { nowMs }) =>
      db.run("INSERT INTO notes (text) VALUES (?)", `${text}@${nowMs}`).lastInsertRowid,
    addOrphan: (db) => db.run("INSERT INTO notes (text, parent) VALUES ('orphan', 99)"),
    addThenRefuse: (db, text: string) => {
      db.run("INSERT INTO notes (text) VALUES (?)", text);
      throw new WireError(ErrorCode.queueFull, "no room", 500);
    },
    addThenFail: (db, text: string) => {
      db.run("INSERT INTO notes (text) VALUES (?)", text);
      throw new TypeError("a bug");
    },
    addLarge: (db) => db.run("INSERT INTO notes (text) VALUES (?)", "x".repeat(500_000)),
    clear: (db) => db.run("DELETE FROM notes").changes,
    malformed: () => {
      throw new MalformedError("foreign");
    },
    endTransaction: (db) => {
      db.exec("ROLLBACK");
      throw new Error("disk full");
    },
  },
};

const request = (name: string, args: unknown = undefined): Request => ({ domain: "notes", name, args, nowMs: 7 });
const texts = (db: Database) => db.all<{ text: string }>("SELECT text FROM notes ORDER BY id").map(({ text }) => text);

Deno.test("runBatch() keeps successful requests and undoes exactly the failed ones, in one transaction", () => {
  const db = database();
  const outcomes = runBatch(db, operations, [
    request("add", "a"),
    request("addThenRefuse", "b"),
    request("addThenFail", "c"),
    request("malformed"),
    request("add", "d"),
    request("nothing"),
  ]);
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["done", "refused", "failed", "refused", "done", "failed"]);
  assert.deepEqual(outcomes[1], { kind: "refused", code: ErrorCode.queueFull, reason: "no room", retryAfterMs: 500 });
  assert.deepEqual(outcomes[3], { kind: "refused", code: ErrorCode.malformed, reason: "foreign", retryAfterMs: 0 });
  assert.deepEqual(texts(db), ["a@7", "d@7"]);
  assert.equal(db.inTransaction, false);
  db.close();
});

Deno.test("runBatch() fails every request when the commit fails, and keeps nothing", () => {
  const db = database();
  const outcomes = runBatch(db, operations, [request("add", "a"), request("addOrphan"), request("add", "b")]);
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["failed", "failed", "failed"]);
  assert.deepEqual(texts(db), []);
  assert.deepEqual(runBatch(db, operations, [request("add", "c")]).map(({ kind }) => kind), ["done"]);
  db.close();
});

Deno.test("runBatch() fails every request when an error ended the transaction", () => {
  const db = database();
  const outcomes = runBatch(db, operations, [request("add", "a"), request("endTransaction"), request("add", "b")]);
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["failed", "failed", "failed"]);
  assert.deepEqual(texts(db), []);
  db.close();
});

Deno.test("SERVERS 8: on a full disk what stores is refused with E032, and what deletes beside it is done", () => {
  const db = database();
  db.pragma("max_page_count=50");
  runBatch(db, operations, [request("add", "a")]);
  const outcomes = runBatch(db, operations, [request("addLarge"), request("clear"), request("addLarge")]);
  const full = {
    kind: "refused",
    code: ErrorCode.quotaExceeded,
    reason: "the server's disk is full",
    retryAfterMs: 60_000,
  };
  assert.deepEqual(outcomes, [full, { kind: "done", value: 1 }, full]);
  assert.equal(db.inTransaction, false);
  assert.deepEqual(runBatch(db, operations, [request("add", "b")]).map(({ kind }) => kind), ["done"]);
  db.close();
});

Deno.test("Database gives byte strings as Uint8Arrays that share no pool", () => {
  const db = database();
  const { bytes } = db.get<{ bytes: Uint8Array }>("SELECT ? AS bytes", Uint8Array.of(1, 2, 3))!;
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  assert.deepEqual(bytes, Uint8Array.of(1, 2, 3));
  assert.equal(bytes.buffer.byteLength, 3);
  db.close();
});
