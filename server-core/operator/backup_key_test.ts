/** Backups say which key they need, and to nobody what the key is. operator_test.ts tells how commands are run. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { readLabel } from "../storage/backup_label.ts";
import { operatorTest, records, run } from "../testing/operator.ts";
import { random, seedDevices } from "../testing/seed.ts";

const rawKey = () => `x'${toHex(random(32))}'`;

operatorTest("SERVERS 13: an old backup says until when its key was in use, and restores with it", async (dataDir) => {
  const [one, two] = [rawKey(), rawKey()];
  seedDevices(dataDir, 1, { key: one });
  const old = `${dataDir}/old.qpq`;
  await records(dataDir, ["backup", old], { QPQ_DB_KEY: one });
  const { key } = readLabel(old)!;
  Deno.writeTextFileSync(`${dataDir}/two`, `${two}\n`);
  const beforeMs = Date.now();
  await records(dataDir, ["rekey", "--new-key-file", `${dataDir}/two`], { QPQ_DB_KEY: one });
  const present = { QPQ_DB_KEY: two };
  const refused = await run(dataDir, ["restore", old, "--replace"], present);
  assert.equal(refused.code, 1);
  const until = /with another key, the one that was in use until (.{16}) UTC/.exec(refused.err)?.[1];
  assert.ok(until, refused.err);
  assert.ok(Math.abs(Date.parse(`${until.replace(" ", "T")}Z`) - beforeMs) <= 120_000, until);
  assert.match(refused.err, new RegExp(`key ${key!.id.slice(0, 8)}, in use since`));
  assert.match(refused.err, /hint: give that key in QPQ_DB_KEY_FILE .* then qpq-server rekey/);

  // On a machine that knows nothing of the server, the backup itself says which key it is.
  const elsewhere = await Deno.makeTempDir({ prefix: "qpq-elsewhere-" });
  const wrong = await run(elsewhere, ["restore", old], present);
  assert.match(wrong.err, new RegExp(`with another key: the key ${key!.id.slice(0, 8)}, in use since`));
  const none = await run(elsewhere, ["restore", old]);
  assert.match(none.err, new RegExp(`with a key: the key ${key!.id.slice(0, 8)}, in use since`));
  await Deno.remove(elsewhere, { recursive: true });

  // Restored under its own key, the data knows the key that it was under meanwhile.
  const later = `${dataDir}/later.qpq`;
  await records(dataDir, ["backup", later], present);
  await records(dataDir, ["restore", old, "--replace"], { QPQ_DB_KEY: one });
  const after = await run(dataDir, ["restore", later, "--replace"], { QPQ_DB_KEY: one });
  assert.match(after.err, /later\.qpq was made on .* with another key/);
});

operatorTest("SERVERS 13: a backup without encryption says so, and one of an older version opens", async (dataDir) => {
  const key = rawKey();
  seedDevices(dataDir, 1);
  const plain = `${dataDir}/plain.qpq`;
  await records(dataDir, ["backup", plain]);
  assert.equal(readLabel(plain)?.key, undefined);
  const refused = await run(dataDir, ["restore", plain, "--replace"], { QPQ_DB_KEY: key });
  assert.match(refused.err, /without a key: it is not encrypted\n.*unset QPQ_DB_KEY_FILE and QPQ_DB_KEY/);
  // Versions before wrote no label.
  const bytes = Deno.readFileSync(plain);
  const pageBytes = new DataView(bytes.buffer).getUint16(16);
  const pages = new DataView(bytes.buffer).getUint32(28);
  Deno.writeFileSync(`${dataDir}/unlabelled.qpq`, bytes.subarray(0, pageBytes * pages));
  assert.equal(readLabel(`${dataDir}/unlabelled.qpq`), undefined);
  await records(dataDir, ["restore", `${dataDir}/unlabelled.qpq`, "--replace"]);
  assert.deepEqual((await records(dataDir, ["check"]))[0], { ok: true, faults: [] });
});

operatorTest(
  "SERVERS 13: the label of a backup depends on no key, and hostile labels are no labels",
  async (dataDir) => {
    const key = rawKey();
    const ids = await Promise.all(["a", "b"].map(async (name) => {
      const folder = `${dataDir}/${name}`;
      Deno.mkdirSync(folder);
      seedDevices(folder, 1, { key });
      await records(folder, ["backup", `${folder}/x.qpq`], { QPQ_DB_KEY: key });
      return readLabel(`${folder}/x.qpq`)!.key!.id;
    }));
    assert.notEqual(ids[0], ids[1], "the same key in two places has two ids");
    const whole = Deno.readFileSync(`${dataDir}/a/x.qpq`);
    const text = new TextDecoder("latin1").decode(whole.subarray(-400));
    assert.ok(!text.includes(key.slice(2, 20)));
    for (
      const tail of [
        "",
        "00000005qpq-backup-label-1",
        "99999999qpq-backup-label-1",
        `{"madeMs":1e99}00000015qpq-backup-label-1`,
      ]
    ) {
      Deno.writeTextFileSync(`${dataDir}/hostile`, tail);
      assert.equal(readLabel(`${dataDir}/hostile`), undefined, tail);
    }
  },
);
