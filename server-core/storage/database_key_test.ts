import assert from "node:assert/strict";
import { readConfig } from "../config.ts";
import { openDatabase } from "./sqlite/open.ts";
import { warningOfKey } from "./database_key.ts";
import { openServedStore } from "./sqlite/served_store.ts";
import { operatorTest, run } from "../testing/operator.ts";
import { seedDevices } from "../testing/seed.ts";

const notText = Uint8Array.of(0xff, 0x61, 0xfe, 0x0a);

operatorTest(
  "PEOPLE B8: a database under a key that is not UTF-8 opens, and none is made under one",
  async (dataDir) => {
    const file = `${dataDir}/key`;
    Deno.writeFileSync(file, notText);
    const config = () =>
      readConfig({
        env: (key) => ({ QPQ_DATA: dataDir, QPQ_DB_KEY_FILE: file } as Record<string, string>)[key],
        readFile: Deno.readTextFileSync,
      });
    assert.equal(config().dbKey, "\ufffda\ufffd", "as earlier versions read it");
    assert.throws(() => warningOfKey(config()), /^ConfigError: QPQ_DB_KEY_FILE: the text is not UTF-8(?!.*\ufffd)/);
    seedDevices(dataDir, 1, { key: config().dbKey });
    assert.match(warningOfKey(config())!, /^QPQ_DB_KEY_FILE: the key is not UTF-8.*rekey/);
    assert.equal((await run(dataDir, ["users"], { QPQ_DB_KEY_FILE: file })).code, 0, "nobody is locked out");
    const refused = await run(dataDir, ["rekey", "--new-key-file", file], { QPQ_DB_KEY_FILE: file });
    assert.deepEqual([refused.code, /the new key is not UTF-8/.test(refused.err)], [1, true]);
    // The same text in UTF-8, with a byte order mark and an end of line, is the same key without a warning.
    Deno.writeTextFileSync(file, "\ufeffkey é\r\n");
    assert.deepEqual([config().dbKey, warningOfKey(config())], ["key é", undefined]);
    openDatabase({ dataDir, key: "\ufffda\ufffd" }).close();
  },
);

operatorTest(
  "SERVERS 10: a core whose key is not UTF-8 starts after a restore that was killed between its renames",
  async (dataDir) => {
    const file = `${dataDir}/key`;
    Deno.writeFileSync(file, notText);
    const config = readConfig({
      env: (key) => ({ QPQ_DATA: dataDir, QPQ_DB_KEY_FILE: file } as Record<string, string>)[key],
      readFile: Deno.readTextFileSync,
    });
    seedDevices(dataDir, 1, { key: config.dbKey });
    for (const folder of ["replacing-new", "replacing-2026-01-31"]) {
      Deno.mkdirSync(`${dataDir}/${folder}`);
      Deno.renameSync(`${dataDir}/qpq.db`, `${dataDir}/${folder}/qpq.db`);
      if (folder === "replacing-new") {
        assert.throws(() => warningOfKey(config), /not UTF-8/, "before the decision it is rubbish");
        Deno.renameSync(`${dataDir}/${folder}/qpq.db`, `${dataDir}/qpq.db`);
        Deno.removeSync(`${dataDir}/${folder}`);
      }
    }
    assert.match(warningOfKey(config)!, /the database is opened with it as before/i);
    await (await openServedStore({ dataDir, key: config.dbKey })).close();
    assert.equal((await run(dataDir, ["users"], { QPQ_DB_KEY_FILE: file })).code, 0);
  },
);
