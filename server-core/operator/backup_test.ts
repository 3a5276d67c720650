/** `qpq-server backup` and `restore`. operator_test.ts tells how commands are run. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { blobPath } from "../storage/blob_path.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import {
  contentOf,
  fill,
  joined,
  key,
  operatorTest,
  records,
  run,
  runProcess,
  stop,
  usernameOf,
  waiting,
} from "../testing/operator.ts";
import { connect, startProcess } from "../testing/quic.ts";
import { seedDevices, sha256 } from "../testing/seed.ts";

operatorTest(
  "a backup of a live server is encrypted and whole, and restores everything elsewhere",
  async (dataDir) => {
    const env = { QPQ_DB_KEY: key };
    const [writer, reader] = seedDevices(dataDir, 2, { key });
    const server = await startProcess(dataDir, env);
    const startMs = Date.now();
    const { messageId, blob } = await fill(server, writer, reader);
    const file = `${dataDir}/monday.qpq`;
    const backupMs = Date.now();
    const [written] = await records(dataDir, ["backup", file], env, runProcess);
    assert.deepEqual([written.attachments, written.encrypted], [1, true]);
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    const content = new TextDecoder("latin1").decode(Deno.readFileSync(file));
    for (const secret of ["SQLite format 3", "PRIVATE KEY", usernameOf(dataDir, writer)]) {
      assert.ok(!content.includes(secret), secret);
    }
    assert.deepEqual([...Deno.readDirSync(dataDir)].filter(({ name }) => name.includes("partial")), []);
    assert.deepEqual((await run(dataDir, ["backup", file], env)).code, 1, "an existing file is left alone");
    // Messages after the backup are not in it.
    await fill(server, writer, reader);

    assert.equal(
      (await runProcess(dataDir, ["restore", file, "--replace"], env)).code,
      3,
      "not while a server runs on the data",
    );
    await stop(server);
    const elsewhere = await Deno.makeTempDir({ prefix: "qpq-restored-" });
    try {
      const wrong = await run(elsewhere, ["restore", file], { QPQ_DB_KEY: "another key" });
      assert.equal(wrong.code, 1);
      assert.match(wrong.err, /monday.qpq was made on .* with another key: the key [0-9a-f]{8}, in use since /);
      await records(elsewhere, ["restore", file], env);
      assert.deepEqual((await records(elsewhere, ["check", "--hashes"], env))[0], { ok: true, faults: [] });
      const restored = await startProcess(elsewhere, env);
      assert.equal(restored.caPem, server.caPem);
      assert.deepEqual((await waiting(restored, reader)).map(toHex), [toHex(messageId)]);
      const connection = await connect(restored.address, restored.caPem);
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for await (
        const { bytes } of connection.as(reader).stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 })
      ) pieces.push(bytes);
      assert.equal(toHex(sha256(await joined(pieces))), toHex(sha256(blob)));
      // From it clients learn which messages to resend: those after the newest message of the backup.
      const health = await connection.as(reader).call(delivery.health, {});
      assert.ok(
        health.restoredToMs > startMs && health.restoredToMs <= backupMs && health.restoredMs >= backupMs &&
          health.restoredMs <= Date.now(),
        JSON.stringify(health),
      );
      connection.close();
      await stop(restored);

      // Existing data is replaced only on request, and kept aside.
      assert.equal((await run(elsewhere, ["restore", file], env)).code, 1);
      const [again] = await records(elsewhere, ["restore", file, "--replace"], env);
      const db = openDatabase({ dataDir: elsewhere, key });
      assert.deepEqual(db.get("SELECT count(*) AS count FROM restores"), { count: 1 });
      db.close();
      assert.ok(Deno.statSync(`${again.before}/qpq.db`).isFile && Deno.statSync(`${again.before}/blobs`).isDirectory);
      assert.deepEqual((await records(elsewhere, ["check"], env))[0].ok, true);
    } finally {
      await Deno.remove(elsewhere, { recursive: true });
    }
  },
);

operatorTest("a backup leaves out attachments whose time is over, with their records", async (dataDir) => {
  const [writer, reader] = seedDevices(dataDir, 2);
  const server = await startProcess(dataDir);
  const kept = await fill(server, writer, reader);
  const over = await fill(server, reader, writer);
  const db = openDatabase({ dataDir });
  db.run("UPDATE blobs SET expires_ms = ? WHERE sha256 = ?", Date.now() - 1, sha256(over.blob));
  db.close();
  const [{ attachments, bytes }] = await records(dataDir, ["backup", `${dataDir}/b.qpq`]);
  assert.deepEqual([attachments, bytes as number < kept.blob.length + over.blob.length], [1, true]);
  await stop(server);
  await records(dataDir, ["restore", `${dataDir}/b.qpq`, "--replace"]);
  assert.deepEqual((await records(dataDir, ["check", "--hashes"]))[0].faults, []);
  const restored = openDatabase({ dataDir });
  assert.deepEqual(restored.all<{ sha256: Uint8Array }>("SELECT sha256 FROM blobs").map((row) => toHex(row.sha256)), [
    toHex(sha256(kept.blob)),
  ]);
  restored.close();
  await assert.rejects(Deno.stat(blobPath(`${dataDir}/blobs`, sha256(over.blob))), Deno.errors.NotFound);
});

operatorTest("a damaged backup and a file that is none are refused, and the data stays as it was", async (dataDir) => {
  seedDevices(dataDir, 3);
  const file = `${dataDir}/good.qpq`;
  await records(dataDir, ["backup", file]);
  const bytes = Deno.readFileSync(file);
  for (let at = 5_000; at < bytes.length - 200; at += 4_096) bytes.fill(0xa5, at, at + 200);
  Deno.writeFileSync(`${dataDir}/damaged.qpq`, bytes);
  Deno.copyFileSync(`${dataDir}/qpq.db`, `${dataDir}/database.db`);
  Deno.writeTextFileSync(`${dataDir}/text.qpq`, "no database at all");
  const before = contentOf(dataDir);
  const damaged = await run(dataDir, ["restore", `${dataDir}/damaged.qpq`, "--replace"]);
  assert.ok([1, 4].includes(damaged.code), damaged.err);
  for (const name of ["database.db", "text.qpq", "nothing.qpq"]) {
    assert.equal((await run(dataDir, ["restore", `${dataDir}/${name}`, "--replace"])).code, 1, name);
  }
  assert.deepEqual(contentOf(dataDir), before);
});
