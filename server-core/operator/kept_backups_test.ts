/** `qpq-server backup --keep`: what stays, and what is deleted. operator_test.ts tells how commands are run. */

import assert from "node:assert/strict";
import { addLabel, readLabel, removeLabel } from "../storage/backup_label.ts";
import { lastBackup } from "../storage/last_backup.ts";
import { operatorTest, records, run, stop } from "../testing/operator.ts";
import { startProcess } from "../testing/quic.ts";
import { seedDevices } from "../testing/seed.ts";
import { Failure } from "./command.ts";
import { keptBackups, makeKeptBackup } from "./kept_backups.ts";

/** Makes the data of a server that has run once, so that it has a certificate. */
async function served(dataDir: string): Promise<void> {
  seedDevices(dataDir, 1);
  await stop(await startProcess(dataDir));
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const numbersIn = (folder: string) =>
  namesIn(folder).flatMap((name) => /^quicproquo-(\d+)-/.exec(name)?.slice(1).map(Number) ?? []);

operatorTest("SERVERS 14: backup --keep keeps the newest by number, and touches no other file", async (dataDir) => {
  await served(dataDir);
  const folder = `${dataDir}/backups`;
  Deno.mkdirSync(folder);
  // Files that look alike: a name of that form, a backup of another server, one that a person made and renamed.
  const foreign = "quicproquo-000001-2020-01-01T000000Z.qpq";
  Deno.writeTextFileSync(`${folder}/${foreign}`, "not a backup");
  Deno.writeTextFileSync(`${folder}/notes.txt`, "mine");
  const byHand = "quicproquo-000002-2020-01-01T000000Z.qpq";
  await records(dataDir, ["backup", `${folder}/${byHand}`]);
  const elsewhere = await Deno.makeTempDir({ prefix: "qpq-other-" });
  await served(elsewhere);
  const [other] = await records(elsewhere, ["backup", "--keep", "1", folder]);
  await Deno.remove(elsewhere, { recursive: true });

  const made: string[] = [];
  const deleted: string[] = [];
  for (let count = 0; count < 4; count++) {
    const [record] = await records(dataDir, ["backup", "--keep", "2", folder]);
    made.push(record.file as string);
    deleted.push(...record.deleted as string[]);
  }
  assert.deepEqual(deleted, made.slice(0, 2));
  assert.deepEqual(numbersIn(folder), [1, 2, 3, 6, 7]);
  for (const name of [foreign, byHand, "notes.txt", (other.file as string).slice(folder.length + 1)]) {
    assert.ok(namesIn(folder).includes(name), name);
  }
  assert.equal(lastBackup(dataDir)?.file, made.at(-1));
  const restored = await Deno.makeTempDir({ prefix: "qpq-restored-" });
  await records(restored, ["restore", made.at(-1)!]);
  assert.deepEqual((await records(restored, ["check"]))[0], { ok: true, faults: [] });
  await Deno.remove(restored, { recursive: true });
});

operatorTest("SERVERS 14: a clock that is wrong never makes backup --keep delete the newest", async (dataDir) => {
  await served(dataDir);
  const folder = `${dataDir}/backups`;
  Deno.mkdirSync(folder);
  const server = "ab".repeat(32);
  const store = {
    backUp: ({ file, kept }: { file: string; kept?: { server: string; number: number } }) => {
      Deno.copyFileSync(`${dataDir}/one.qpq`, file);
      relabel(file, kept!, madeMs);
      return Promise.resolve({ attachments: 0 });
    },
    backupFaults: () => Promise.resolve([] as string[]),
  };
  await records(dataDir, ["backup", `${dataDir}/one.qpq`]);
  let madeMs = 0;
  const times = [1_800_000_000_000, 4_000_000_000_000, 0, 1_800_000_000_001];
  for (madeMs of times) await makeKeptBackup({ folder, keep: 2, server, store, nowMs: madeMs });
  assert.deepEqual(keptBackups(folder, server).map(({ number, madeMs }) => [number, madeMs]), [
    [4, times[3]],
    [3, times[2]],
  ]);
});

operatorTest("SERVERS 14: a new backup that does not read back deletes nothing; leftovers go", async (dataDir) => {
  await served(dataDir);
  const folder = `${dataDir}/backups`;
  Deno.mkdirSync(folder);
  await records(dataDir, ["backup", "--keep", "1", folder]);
  const [{ file, number }] = keptBackups(folder, serverOf(folder));
  const half = `${file}.partial-0123abcd`;
  Deno.writeTextFileSync(half, "cut off");
  const damaged = {
    backUp: (args: { file: string; kept?: { server: string; number: number } }) => {
      Deno.writeTextFileSync(args.file, "half a database");
      relabel(args.file, args.kept!, 1);
      return Promise.resolve({ attachments: 0 });
    },
    backupFaults: () => Promise.resolve(["a page is damaged"]),
  };
  for (let hour = 0; hour < 3; hour++) {
    await assert.rejects(
      makeKeptBackup({ folder, keep: 1, server: serverOf(folder), store: damaged, nowMs: 1 }),
      (error: Failure) => error.exitCode === 4 && /no older backup was deleted/.test(error.hint!),
    );
  }
  assert.deepEqual(numbersIn(folder), [1], "no row of damaged ones");
  assert.equal(namesIn(folder).filter((name) => /^quicproquo-damaged-[0-9a-f]{8}\.qpq$/.test(name)).length, 1);
  assert.ok(namesIn(folder).includes(file.slice(folder.length + 1)), "the good one stays");
  assert.ok(!namesIn(folder).some((name) => name.includes("partial")));
  assert.equal(number, 1);

  using lock = Deno.openSync(`${folder}/.quicproquo-backup.lock`, { read: true, write: true });
  lock.lockSync(true);
  const held = await run(dataDir, ["backup", "--keep", "1", folder]);
  assert.deepEqual([held.code, /another backup is being made in/.test(held.err)], [3, true], held.err);
});

operatorTest("SERVERS 14: a row of backups never takes the server's reserve of the disk", async (dataDir) => {
  await served(dataDir);
  const folder = `${dataDir}/backups`;
  Deno.mkdirSync(folder);
  const full = await run(dataDir, ["backup", "--keep", "2", folder], { QPQ_DISK_RESERVE: "100" });
  assert.equal(full.code, 1);
  assert.match(full.err, /error: no backup was made: it takes up to .* QPQ_DISK_RESERVE \(100 %\)[^]*hint: keep fewer/);
  assert.deepEqual(numbersIn(folder), []);
  // By hand an operator may.
  await records(dataDir, ["backup", `${folder}/now.qpq`], { QPQ_DISK_RESERVE: "100" });
  await records(dataDir, ["backup", "--keep", "2", folder], { QPQ_DISK_RESERVE: "0" });
  assert.deepEqual(numbersIn(folder), [1]);
});

operatorTest("SERVERS 14: a second backup of one name says which file stands in the way", async (dataDir) => {
  seedDevices(dataDir, 1);
  const file = `${dataDir}/2026-01-31.qpq`;
  await records(dataDir, ["backup", file]);
  const { code, err } = await run(dataDir, ["backup", file]);
  assert.equal(code, 1);
  assert.match(err, /error: \S+\/2026-01-31\.qpq exists already: [\d.]+ [KM]iB, of 20\d\d-\S+Z\n.*hint: .*--keep 14/);
});

operatorTest("SERVERS 14: backup --every goes on, and waits for its time after a start", async (dataDir) => {
  await served(dataDir);
  const folder = `${dataDir}/backups`;
  Deno.mkdirSync(folder);
  const main = new URL("../main.ts", import.meta.url).pathname;
  for (let starts = 0; starts < 2; starts++) {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--unstable-net", "--no-check", main, "backup", "--keep", "3", "--every", "24", folder],
      env: { QPQ_DATA: dataDir },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    for await (
      const text of process.stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    ) {
      said += text;
      if (said.includes("\n")) break;
    }
    assert.match(said, /^qpq-server: the next backup is made at 20\d\d-/);
    process.kill("SIGTERM");
    await process.status;
    assert.deepEqual(numbersIn(folder), [1], "the second start finds a backup of today");
  }
  for (const wrong of [["--keep", "0"], ["--keep", "x"], ["--every", "1"], ["--keep", "2", "--every", "0"]]) {
    assert.equal((await run(dataDir, ["backup", ...wrong, folder])).code, 2, wrong.join(" "));
  }
});

/** The server that the row in a folder belongs to. */
function serverOf(folder: string): string {
  const name = namesIn(folder).find((name) => name.startsWith("quicproquo-") && name.endsWith(".qpq"))!;
  return readLabel(`${folder}/${name}`)!.kept!.server;
}

function relabel(file: string, kept: { server: string; number: number }, madeMs: number): void {
  removeLabel(file);
  addLabel(file, { madeMs, kept });
}
