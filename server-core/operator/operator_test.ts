/**
 * The operator's commands beside a running core and without one. Most run in this process, which is what
 * `qpq-server` runs in its own; what only a process has is asked of one.
 */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { authentication, delivery } from "../../schema/rpc/methods.ts";
import { readConfig } from "../config.ts";
import { blobPath } from "../storage/blob_path.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { outcome } from "../testing/delivery_service.ts";
import {
  contentOf,
  fill,
  key,
  operatorTest,
  records,
  run,
  runProcess,
  stop,
  usernameOf,
  waiting,
} from "../testing/operator.ts";
import { connect, pause, startProcess } from "../testing/quic.ts";
import { commands, failureOf, runCommand } from "./commands.ts";
import { seedDevices, sha256, type TestDevice } from "../testing/seed.ts";
import { SignIns } from "../testing/sign_ins.ts";

operatorTest(
  "a data directory of the first storage format ends server and commands with exit code 1, and a message that says what to do; it stays as it was",
  async (dataDir) => {
    Deno.writeTextFileSync(`${dataDir}/deliveries.bin`, "queues of version 1");
    for (const args of [[], ["status"]]) {
      const { code, out, err } = await runProcess(dataDir, args, { QPQ_LISTEN: "127.0.0.1:0" });
      assert.deepEqual([code, out], [1, ""], args.join(" "));
      assert.match(
        err,
        /^qpq-server: error: .*holds deliveries\.bin, the queue file of storage format 1, which this server can not read; it was left as it is\. Start with an empty QPQ_DATA directory, or run the older server/m,
      );
      assert.doesNotMatch(err, / {4}at /, "no stack: it is no fault of ours");
    }
    assert.equal(Deno.readTextFileSync(`${dataDir}/deliveries.bin`), "queues of version 1");
    await assert.rejects(Deno.stat(`${dataDir}/qpq.db`), Deno.errors.NotFound);
  },
);

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
    // Another program, which knows nothing of our locks, has the database open: its log would meet another database.
    const other = openDatabase({ dataDir });
    other.get("SELECT 1 FROM accounts");
    const held = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
    assert.deepEqual([held.code, /another program has the database open/.test(held.err), isPlain()], [3, true, true]);
    other.close();
    assert.ok(await knows({}));
    // A server holds the data: not now.
    const server = await startProcess(dataDir);
    const busy = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
    assert.equal(busy.code, 3);
    assert.match(busy.err, /a server runs on/);
    await stop(server);
  },
);

operatorTest(
  "revoke ends a session in the running server within a second, its open subscription too, and leaves others alone",
  async (dataDir) => {
    const [one, other] = seedDevices(dataDir, 2, { key });
    const server = await startProcess(dataDir, { QPQ_DB_KEY: key });
    const connection = await connect(server.address, server.caPem);
    const asks = (device: TestDevice) =>
      connection.as(device).call(delivery.fetch, {
        recipientKey: device.recipientKey,
        channelId: new Uint8Array(),
        after: 0,
        limit: 1,
      });
    await asks(one);
    await asks(other);
    const ended = (async () => {
      for await (
        const _ of connection.as(one).stream(delivery.subscribe, { recipientKey: one.recipientKey, after: 0 })
      );
    })().catch((error) => error.code);
    const [{ ended: count, serverRunning }] = await records(dataDir, ["revoke", "--user", usernameOf(dataDir, one)], {
      QPQ_DB_KEY: key,
    });
    assert.deepEqual([count, serverRunning], [1, true]);
    assert.equal(await ended, 1);
    for (let tries = 0; tries < 40 && await asks(one).then(() => true, () => false); tries++) await pause(50);
    await assert.rejects(asks(one), /E001|no session|session/);
    await asks(other);
    connection.close();
    await stop(server);
  },
);

operatorTest(
  "status, users, devices and invites tell what is there, for people and for programs, beside a running server",
  async (dataDir) => {
    const [device] = seedDevices(dataDir, 2, { key });
    const env = { QPQ_DB_KEY: key };
    const down = await run(dataDir, ["status", "--json"], env);
    assert.equal(down.code, 3);
    assert.equal(JSON.parse(down.out).server, "stopped");
    const server = await startProcess(dataDir, env);
    const at = { ...env, QPQ_LISTEN: `127.0.0.1:${server.address.port}` };
    const [state] = await records(dataDir, ["status"], at);
    assert.deepEqual([state.server, state.accounts, state.devices, state.sessions, state.encrypted], [
      "serving",
      2,
      2,
      2,
      true,
    ]);
    assert.match((await run(dataDir, ["status"], at)).out, /^server +serving$/m);
    assert.equal((await run(dataDir, ["health"], at)).code, 0);
    const name = usernameOf(dataDir, device);
    const [user] = await records(dataDir, ["users", name], env);
    assert.deepEqual([user.username, user.accountKey, user.devices], [name, toHex(device.accountKey), 1]);
    assert.match((await run(dataDir, ["users"], env)).out, /^USER +STATE +DEVICES/);
    const [listed] = await records(dataDir, ["devices", name], env);
    assert.deepEqual([listed.deviceId, listed.state], [toHex(device.deviceId), "listed"]);
    const [made] = await records(dataDir, ["invite", "30"], env);
    assert.deepEqual((await records(dataDir, ["invites"], env)).map(({ inviteId, state }) => [inviteId, state]), [[
      made.inviteId,
      "open",
    ]]);
    await records(dataDir, ["invites", "revoke", String(made.inviteId)], env);
    assert.deepEqual(await records(dataDir, ["invites"], env), []);
    const second = await runProcess(dataDir, ["serve"], at);
    assert.equal(second.code, 3);
    assert.match(second.err, /another server runs on/);
    await stop(server);
  },
);

operatorTest(
  "users disable ends the sessions and refuses to sign in as if the name were unknown, until enable; what waits is there again",
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
      for (let tries = 0; tries < 40 && await asks() !== "E001"; tries++) await pause(50);
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
  "users delete takes out all that is the account's own, keeps its name from others and its device list for its groups, and leaves what others have",
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
      for (let tries = 0; tries < 40 && await asks() !== "E003"; tries++) await pause(50);
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
        `SELECT (SELECT count(*) FROM devices WHERE account_key = a.account_key AND enrolled = 1) + (SELECT count(*) FROM entries JOIN queues USING (queue) WHERE dropped = 1)
         + length(opaque_record) + length(vault_sealed) + length(wrapped_by_password) + length(wrapped_by_recovery) + length(recovery_key) AS found FROM accounts a WHERE state = 'deleted'`,
      );
      assert.equal(left!.found, 0);
    } finally {
      db.close();
    }
    // The server deletes what is past its time when it starts, and every hour.
    const again = await startProcess(dataDir);
    const isThere = (blob: Uint8Array<ArrayBuffer>) =>
      Deno.stat(blobPath(`${dataDir}/blobs`, sha256(blob))).then(() => true, () => false);
    for (let tries = 0; tries < 40 && await isThere(blobs.gone); tries++) await pause(50);
    assert.deepEqual([await isThere(blobs.gone), await isThere(blobs.left)], [false, true]);
    await stop(again);
  },
);

operatorTest(
  "check finds a lost attachment, one of another length or content, and a damaged page, and says so by exit code 4",
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

operatorTest(
  "wrong arguments are exit code 2 with a hint, help is exit code 0 and needs no configuration",
  async (dataDir) => {
    const wrong = [
      ["nonsense"],
      ["toString"],
      ["backup"],
      ["backup", "a", "b"],
      ["users", "--nonsense"],
      ["rekey"],
      ["rekey", "--decrypt", "--new-key-file", "x"],
      ["revoke"],
      ["revoke", "--all", "--user", "x"],
      ["users", "forget", "x"],
      ["users", "delete", "x"],
      ["invite", "0"],
      ["invites", "revoke", "xyz"],
    ];
    seedDevices(dataDir, 1);
    const config = () => readConfig({ env: (name) => name === "QPQ_DATA" ? dataDir : undefined, readFile: () => "" });
    for (const args of wrong) {
      const failure = failureOf(await runCommand(args, config).catch((error) => error));
      assert.deepEqual([failure.exitCode, typeof failure.hint], [2, "string"], args.join(" "));
    }
    const unknown = failureOf(await runCommand(["users", "no'body; DROP"], config).catch((error) => error));
    assert.deepEqual([unknown.exitCode, unknown.message], [1, "no such user"]);
    const ran = await runProcess(dataDir, ["rekey"]);
    assert.equal(ran.code, 2);
    assert.match(ran.err, /^qpq-server: error: .+\nqpq-server: hint: qpq-server rekey --help\n$/);
    const help = await runProcess(dataDir, ["--help"], { QPQ_LISTEN: "nonsense" });
    assert.equal(help.code, 0);
    for (const { synopsis } of Object.values(commands)) assert.ok(help.out.includes(synopsis), synopsis);
    assert.match(
      (await runProcess(dataDir, ["restore", "--help"], { QPQ_LISTEN: "nonsense" })).out,
      /examples:\n {2}qpq-server restore/,
    );
  },
);
