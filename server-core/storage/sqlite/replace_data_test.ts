import assert from "node:assert/strict";
import { withTempDir } from "../../testing/quic.ts";
import { abandonReplacing, beginReplacing, decideReplacing, finishReplacing } from "./replace_data.ts";

const oldParts = ["qpq.db-wal", "qpq.db-shm", "qpq.db", "core-key.pem", "core-cert.pem"];
const newParts = ["qpq.db", "core-key.pem", "core-cert.pem"];

function makeOld(dataDir: string): void {
  for (const name of oldParts) Deno.writeTextFileSync(`${dataDir}/${name}`, `old ${name}`);
  Deno.mkdirSync(`${dataDir}/blobs/ab`, { recursive: true });
  Deno.writeTextFileSync(`${dataDir}/blobs/ab/old`, "old blob");
}

function makeNew(dataDir: string): void {
  const folder = beginReplacing(dataDir);
  for (const name of newParts) Deno.writeTextFileSync(`${folder}/${name}`, `new ${name}`);
}

/** Name and text of every file below a folder. */
function textsOf(folder: string, prefix = ""): Record<string, string> {
  return Object.fromEntries(
    Array.from(Deno.readDirSync(`${folder}/${prefix}`)).flatMap(({ name, isDirectory }) =>
      isDirectory
        ? Object.entries(textsOf(folder, `${prefix}${name}/`))
        : [[prefix + name, Deno.readTextFileSync(`${folder}/${prefix}${name}`)]]
    ),
  );
}

/**
 * Runs `act` until its rename number `after`, which fails as if the process had ended there.
 *
 * @returns whether that rename was reached
 */
function cutOff(after: number, act: () => void): boolean {
  const { renameSync } = Deno;
  let renames = 0;
  Deno.renameSync = (from, to) => {
    if (renames++ === after) throw new Error("cut off");
    renameSync(from, to);
  };
  try {
    act();
    return false;
  } catch (error) {
    assert.equal((error as Error).message, "cut off");
    return true;
  } finally {
    Deno.renameSync = renameSync;
  }
}

for (const withOld of [true, false]) {
  Deno.test(`an exchange ${withOld ? "of old data" : "into nothing"} leaves old or new files after any crash`, () =>
    withTempDir(async (parent) => {
      let cuts = 0;
      for (let after = 0;; after++) {
        const dataDir = `${parent}/${after}`;
        await Deno.mkdir(dataDir);
        if (withOld) makeOld(dataDir);
        const old = textsOf(dataDir);
        makeNew(dataDir);
        const isCut = cutOff(after, () => decideReplacing(dataDir, "stamp"));
        cuts += Number(isCut);
        cutOff(1, () => finishReplacing(dataDir));
        finishReplacing(dataDir);
        const found = textsOf(dataDir);
        if (isCut && after === 0) assert.deepEqual(found, old, "nothing was decided");
        else {
          const aside = Object.entries(found).filter(([name]) => name.startsWith("before-restore-stamp/"));
          const places = Object.entries(found).filter(([name]) => !name.startsWith("before-restore-stamp/"));
          assert.deepEqual(
            Object.fromEntries(places),
            Object.fromEntries(newParts.map((name) => [name, `new ${name}`])),
          );
          assert.deepEqual(
            Object.fromEntries(aside.map(([name, text]) => [name.slice("before-restore-stamp/".length), text])),
            old,
          );
        }
        if (!isCut) break;
      }
      assert.ok(cuts >= (withOld ? 9 : 4), `${cuts} moments`);
    }));
}

Deno.test("abandonReplacing() leaves the old files as they were", () =>
  withTempDir((dataDir) => {
    makeOld(dataDir);
    const old = textsOf(dataDir);
    makeNew(dataDir);
    abandonReplacing(dataDir);
    assert.deepEqual(textsOf(dataDir), old);
    return Promise.resolve();
  }));
