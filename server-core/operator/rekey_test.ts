/** `qpq-server rekey` and `check`. operator_test.ts tells how commands are run. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { blobPath } from "../storage/blob_path.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { contentOf, fill, operatorTest, records, run, stop } from "../testing/operator.ts";
import { startProcess } from "../testing/quic.ts";
import { seedDevices, sha256 } from "../testing/seed.ts";

operatorTest(
  "rekey goes from plain to a key, to another, and back to plain; a wrong key changes nothing",
  async (dataDir) => {
    const [device] = seedDevices(dataDir, 1);
    Deno.writeTextFileSync(`${dataDir}/one`, "the first key, it's quoted\n");
    Deno.writeTextFileSync(`${dataDir}/two`, "the second key\n");
    const isPlain = () =>
      new TextDecoder("latin1").decode(Deno.readFileSync(`${dataDir}/qpq.db`)).startsWith("SQLite format 3");
    const knows = async (env: Record<string, string>) =>
      (await records(dataDir, ["users"], env)).some(({ accountKey }) => accountKey === toHex(device.accountKey));
    await records(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
    assert.equal(isPlain(), false);
    const one = { QPQ_DB_KEY_FILE: `${dataDir}/one` };
    assert.ok(await knows(one));
    const before = contentOf(dataDir);
    for (const env of [{}, { QPQ_DB_KEY: "wrong" }] as Record<string, string>[]) {
      const refused = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/two`], env);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /^qpq-server: error: .*left as it is/);
      assert.ok(!refused.err.includes("wrong\n") && !refused.err.includes("the second key"));
    }
    assert.deepEqual(contentOf(dataDir), before);
    await records(dataDir, ["rekey", "--new-key-file", `${dataDir}/two`], one);
    assert.equal((await run(dataDir, ["users"], one)).code, 1);
    assert.ok(await knows({ QPQ_DB_KEY_FILE: `${dataDir}/two` }));
    await records(dataDir, ["rekey", "--decrypt"], { QPQ_DB_KEY_FILE: `${dataDir}/two` });
    assert.equal(isPlain(), true);
    assert.ok(await knows({}));
    // Another program, which ignores the server's locks, has the database open: its log would meet another
    // database.
    const other = openDatabase({ dataDir });
    other.get("SELECT 1 FROM accounts");
    const held = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
    assert.deepEqual([held.code, /another program has the database open/.test(held.err), isPlain()], [3, true, true]);
    other.close();
    assert.ok(await knows({}));
    // A server holds the data, so the command must refuse.
    const server = await startProcess(dataDir);
    const busy = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
    assert.equal(busy.code, 3);
    assert.match(busy.err, /a server runs on/);
    await stop(server);
  },
);

operatorTest(
  "check finds a lost, a changed and a cut attachment and a damaged page, and ends with exit code 4",
  async (dataDir) => {
    const [writer, reader] = seedDevices(dataDir, 2);
    const server = await startProcess(dataDir);
    const { blob } = await fill(server, writer, reader);
    await stop(server);
    const path = blobPath(`${dataDir}/blobs`, sha256(blob));
    const faults = async (...args: string[]) => {
      const { code, out } = await run(dataDir, ["check", "--json", ...args]);
      const { ok, faults } = JSON.parse(out);
      assert.equal(code, ok ? 0 : 4);
      return faults as string[];
    };
    assert.deepEqual(await faults("--hashes"), []);
    const changed = blob.slice();
    changed[7] ^= 1;
    Deno.writeFileSync(path, changed);
    assert.deepEqual(await faults(), []);
    assert.match((await faults("--hashes"))[0], /another content/);
    Deno.writeFileSync(path, blob.subarray(1));
    assert.match((await faults())[0], /another length/);
    Deno.removeSync(path);
    assert.match((await faults())[0], /no file/);
    assert.equal(
      (await run(dataDir, ["backup", `${dataDir}/b.qpq`])).code,
      4,
      "a backup without it would be no backup",
    );
    assert.deepEqual([...Deno.readDirSync(dataDir)].filter(({ name }) => name.startsWith("b.qpq")), []);
    const database = Deno.readFileSync(`${dataDir}/qpq.db`);
    for (let at = 8_192; at < database.length; at += 4_096) database.fill(0x5a, at + 100, at + 400);
    Deno.writeFileSync(`${dataDir}/qpq.db`, database);
    assert.ok((await faults()).length > 0);
  },
);
