/** Opens a data directory of version 0.1.0 (client/testing/fixtures) with the present code. */

import assert from "node:assert/strict";
import { copyFolder } from "../client/testing/copy_folder.ts";
import { StoredWorld } from "../client/testing/fixtures/stored_world.ts";
import { certificatePin } from "../schema/certificate_pin.ts";
import { readConfig } from "./config.ts";
import { makeLog } from "../server-common/log.ts";
import { startServer } from "./server.ts";
import { outcome } from "./storage/contract/world.ts";
import { openDatabase } from "./storage/sqlite/open.ts";
import { openInlineStore } from "./testing/inline_store.ts";
import { operatorTest, records } from "./testing/operator.ts";
import { withTempDir } from "./testing/quic.ts";
import { random } from "./testing/seed.ts";

const version = "0.1.0";

operatorTest(
  `a data directory of version ${version} keeps certificate, accounts, invites and attachments`,
  async (dataDir) => {
    await using world = await StoredWorld.open(version);
    await copyFolder(world.server, dataDir);
    const config = readConfig({
      env: (name) => ({ QPQ_DATA: dataDir, QPQ_LISTEN: "127.0.0.1:0" } as Record<string, string>)[name],
      readFile: Deno.readTextFileSync,
    });
    const server = await startServer(config, {
      log: makeLog("error", assert.fail),
      now: () => world.expected.madeMs,
    });
    const pin = await certificatePin(await Deno.readTextFile(`${world.server}/core-cert.pem`));
    assert.deepEqual(server.pin, pin);
    await server.drain();

    const users = await records(dataDir, ["users"]);
    const named = (state: string) =>
      users.filter((user) => user.state === state).map(({ username }) => username).sort();
    assert.deepEqual(named("disabled"), ["ivan"]);
    assert.deepEqual(named("deleted"), ["frank"]);
    assert.deepEqual(named("active"), ["alice", "bob", "carol", "dave", "erin", "gail", "mallory", "ned", "norbert"]);
    assert.equal((await records(dataDir, ["invites"])).length, 1);
    assert.deepEqual(await records(dataDir, ["check", "--hashes"]), [{ ok: true, faults: [] }]);
  },
);

Deno.test(
  `CONVERSATIONS: who shares a chat of version ${version} with an account needs no invitation of it`,
  () =>
    withTempDir(async (dataDir) => {
      await using world = await StoredWorld.open(version);
      await copyFolder(world.server, dataDir);
      const store = await openInlineStore(dataDir, () => world.expected.madeMs);
      const db = openDatabase({ dataDir });
      const accounts = db.all<{ username: string; accountKey: Uint8Array<ArrayBuffer> }>(
        "SELECT username, account_key AS accountKey FROM accounts",
      );
      db.close();
      const keyOf = (name: string) => accounts.find(({ username }) => username === name)!.accountKey;
      const accountKey = keyOf("bob");
      await store.accounts.putSettings({
        accountKey,
        expectedVersion: 0,
        sealed: new Uint8Array(9),
        invitedOnly: true,
      });
      const asks = (by: Uint8Array<ArrayBuffer>) =>
        outcome(store.accounts.takeKeyPackages({ accountKey, deviceIds: [], by }));
      assert.deepEqual([await asks(keyOf("alice")), await asks(random(32))], ["ok", "E026"]);
      await store.close();
    }),
);
