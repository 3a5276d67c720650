import assert from "node:assert/strict";
import { Database } from "../storage/sqlite/database.ts";
import { withTempDir } from "../testing/quic.ts";
import { random, seedDevices } from "../testing/seed.ts";

/**
 * Two raw keys in SQLCipher's form. Deriving a key from a passphrase takes a fifth of a second each time, and
 * this test is about the steps after it.
 */
const keys = ["0", "1"].map((digit) => `x'${digit.repeat(64)}'`);

const main = new URL("../main.ts", import.meta.url).pathname;

/** Whether the database opens with this key and is undamaged. */
function opens(dataDir: string, key: string): boolean {
  const db = new Database(`${dataDir}/qpq.db`, { key });
  try {
    return db.get<{ found: number }>("SELECT count(*) AS found FROM accounts")!.found === 30 &&
      db.pragma("integrity_check") === "ok";
  } catch {
    return false;
  } finally {
    db.close();
  }
}

function exists(path: string): boolean {
  return [...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].some(({ name }) => path.endsWith(`/${name}`));
}

Deno.test({
  name: "rekey that is killed at any moment leaves a whole database that exactly one of the two keys opens",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      seedDevices(dataDir, 30, { key: keys[0] });
      // Some megabytes, so that a rekey takes some time.
      const db = new Database(`${dataDir}/qpq.db`, { key: keys[0] });
      db.exec("BEGIN");
      for (let piece = 0; piece < 120; piece++) {
        db.run("INSERT INTO body_pieces (piece, bytes) VALUES (?, ?)", piece, random(65_536));
      }
      db.exec("COMMIT");
      db.close();
      for (const number of [0, 1]) {
        Deno.writeTextFileSync(`${dataDir}/${number}`, `${keys[number]}\n`);
      }
      let current = 0;
      const seen = new Set<string>();
      const rounds = 5;
      for (let round = 0; round <= rounds; round++) {
        const child = new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--unstable-net",
            "--no-check",
            main,
            "rekey",
            "--new-key-file",
            `${dataDir}/${1 - current}`,
          ],
          env: { QPQ_DATA: dataDir, QPQ_DB_KEY_FILE: `${dataDir}/${current}` },
          stdout: "null",
          stderr: "null",
        }).spawn();
        let over = false;
        const ended = child.status.finally(() => over = true);
        if (round < rounds) {
          // The copy of the earlier killed rekey is removed, so that the copy that appears belongs to this
          // one.
          if (exists(`${dataDir}/qpq.db.rekeyed`)) Deno.removeSync(`${dataDir}/qpq.db.rekeyed`);
          while (!over && !exists(`${dataDir}/qpq.db.rekeyed`)) await new Promise((resolve) => setTimeout(resolve, 1));
          await new Promise((resolve) => setTimeout(resolve, round * 35));
          if (!over) child.kill("SIGKILL");
        }
        await ended;
        const found = [0, 1].filter((number) => opens(dataDir, keys[number]));
        assert.equal(found.length, 1);
        seen.add(found[0] === current ? "old" : "new");
        current = found[0];
      }
      assert.deepEqual(seen, new Set(["old", "new"]));
      assert.ok(!exists(`${dataDir}/qpq.db.rekeyed`));
    }),
});
