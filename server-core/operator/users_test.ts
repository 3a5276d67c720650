/**
 * `qpq-server users`: an account is disabled, enabled, deleted. operator_test.ts tells how commands are run.
 */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { authentication, delivery } from "../../schema/rpc/methods.ts";
import { blobPath } from "../storage/blob_path.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { outcome } from "../testing/delivery_service.ts";
import { fill, operatorTest, records, run, stop, waiting } from "../testing/operator.ts";
import { connect, startProcess } from "../testing/quic.ts";
import { seedDevices, sha256 } from "../testing/seed.ts";
import { SignIns } from "../testing/sign_ins.ts";
import { until } from "../../schema/testing/until.ts";

operatorTest(
  "users disable ends the sessions and refuses sign-ins until users enable; waiting messages are kept",
  async (dataDir) => {
    const [writer] = seedDevices(dataDir, 1);
    const server = await startProcess(dataDir);
    const connection = await connect(server.address, server.caPem);
    try {
      const person = new SignIns();
      await person.signIn(connection.as);
      const username = person.username;
      const { messageId } = await fill(server, writer, person.device);
      const asks = () =>
        outcome(
          connection.as(person.device).call(delivery.fetch, {
            recipientKey: person.device.recipientKey,
            channelId: new Uint8Array(),
            after: 0,
            limit: 1,
          }),
        );
      assert.equal(await asks(), "ok");
      assert.deepEqual(await records(dataDir, ["users", "disable", username]), [{
        username,
        state: "disabled",
        endedSessions: 1,
        serverRunning: true,
      }]);
      await until(async () => await asks() === "E001");
      assert.equal(await asks(), "E001");
      const unknown = await outcome(person.tryLogin(connection.as, "nobody-of-this-name"));
      assert.equal(await outcome(person.tryLogin(connection.as)), unknown, "no other answer than for an unknown name");
      assert.equal((await records(dataDir, ["users", username]))[0].state, "disabled");
      assert.deepEqual(
        (await connection.as(writer).call(authentication.searchUsers, { prefix: username, limit: 5 })).usernames,
        [],
      );
      assert.equal(await outcome(person.tryRegister(connection.as)), "E007");

      await records(dataDir, ["users", "enable", username]);
      await person.signIn(connection.as);
      assert.deepEqual((await waiting(server, person.device)).map(toHex), [toHex(messageId)]);
    } finally {
      connection.close();
      await stop(server);
    }
  },
);

operatorTest(
  "users delete removes the account's data, but keeps its name, its device list and the data of others",
  async (dataDir) => {
    const [reader, newcomer] = seedDevices(dataDir, 2);
    let blobs!: Record<"gone" | "left", Uint8Array<ArrayBuffer>>;
    const server = await startProcess(dataDir);
    const connection = await connect(server.address, server.caPem);
    try {
      const person = new SignIns();
      await person.signIn(connection.as);
      const { username, device } = person;
      const toReader = await fill(server, device, reader);
      const toPerson = await fill(server, reader, device);
      blobs = { gone: toReader.blob, left: toPerson.blob };
      const refused = await run(dataDir, ["users", "delete", username]);
      assert.deepEqual([refused.code, (await records(dataDir, ["users", username]))[0].state], [2, "active"]);
      assert.deepEqual(await records(dataDir, ["users", "delete", username, "--yes"]), [{
        username,
        state: "deleted",
        endedSessions: 1,
        serverRunning: true,
      }]);

      const asks = () =>
        outcome(
          connection.as(device).call(delivery.fetch, {
            recipientKey: device.recipientKey,
            channelId: new Uint8Array(),
            after: 0,
            limit: 1,
          }),
        );
      await until(async () => await asks() === "E003");
      assert.equal(await asks(), "E003", "shut out for good, and told so");
      assert.equal((await records(dataDir, ["devices", username]))[0].state, "revoked");
      assert.equal(
        await outcome(person.tryLogin(connection.as)),
        await outcome(person.tryLogin(connection.as, "nobody-of-this-name")),
      );
      assert.equal(await outcome(person.tryRegister(connection.as)), "E007", "nobody takes the name");
      const other = connection.as(newcomer);
      assert.equal(await outcome(other.call(authentication.lookup, { username })), "E012");
      const { accounts: [listed] } = await other.call(authentication.lookupAccounts, {
        accountKeys: [person.accountKey],
      });
      assert.deepEqual(
        [listed.username, listed.accountKey],
        [username, person.accountKey],
        "a newcomer to its groups can judge its devices",
      );
      const gone = (async () => {
        for await (const _ of other.stream(delivery.getBlob, { sha256: sha256(toReader.blob), offset: 0 }));
      })();
      assert.equal(await outcome(gone), "E031");
      for await (const { bytes } of other.stream(delivery.getBlob, { sha256: sha256(toPerson.blob), offset: 0 })) {
        assert.ok(bytes.length > 0);
      }
      assert.deepEqual((await waiting(server, reader)).map(toHex), [toHex(toReader.messageId)]);
      for (const action of ["enable", "disable", "delete"]) {
        assert.equal((await run(dataDir, ["users", action, username, "--yes"])).code, 1, action);
      }
      assert.equal((await records(dataDir, ["check"]))[0].ok, true);
    } finally {
      connection.close();
      await stop(server);
    }
    const db = openDatabase({ dataDir });
    try {
      const left = db.get<Record<string, number>>(
        `SELECT (SELECT count(*) FROM devices WHERE account_key = a.account_key AND enrolled = 1)
           + (SELECT count(*) FROM entries JOIN queues USING (queue) WHERE dropped = 1)
           + length(opaque_record) + length(vault_sealed) + length(wrapped_by_password)
           + length(wrapped_by_recovery) + length(recovery_key) AS found
         FROM accounts a WHERE state = 'deleted'`,
      );
      assert.equal(left!.found, 0);
    } finally {
      db.close();
    }
    // The server deletes expired data at its start and every hour.
    const again = await startProcess(dataDir);
    const isThere = (blob: Uint8Array<ArrayBuffer>) =>
      Deno.stat(blobPath(`${dataDir}/blobs`, sha256(blob))).then(() => true, () => false);
    await until(async () => !await isThere(blobs.gone));
    assert.deepEqual([await isThere(blobs.gone), await isThere(blobs.left)], [false, true]);
    await stop(again);
  },
);
