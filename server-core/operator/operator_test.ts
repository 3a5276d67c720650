/**
 * The operator's commands beside a running core and without one. Most run in this process, by the same
 * function as in `qpq-server`. Tests of a process itself start one.
 */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { readConfig } from "../config.ts";
import { key, operatorTest, records, run, runProcess, stop, usernameOf } from "../testing/operator.ts";
import { connect, startProcess } from "../testing/quic.ts";
import { commands, failureOf, runCommand } from "./commands.ts";
import { seedDevices, type TestDevice } from "../testing/seed.ts";
import { until } from "../../schema/testing/until.ts";

operatorTest(
  "data of the first storage format ends server and commands with exit code 1, and stays as it was",
  async (dataDir) => {
    Deno.writeTextFileSync(`${dataDir}/deliveries.bin`, "queues of version 1");
    for (const args of [[], ["status"]]) {
      const { code, out, err } = await runProcess(dataDir, args, { QPQ_LISTEN: "127.0.0.1:0" });
      assert.deepEqual([code, out], [1, ""], args.join(" "));
      assert.match(
        err,
        new RegExp(
          "^qpq-server: error: .*holds deliveries\\.bin, the queue file of storage format 1, which this server can " +
            "not read; it was left as it is\\. Start with an empty QPQ_DATA directory, or run the older server",
          "m",
        ),
      );
      assert.doesNotMatch(err, / {4}at /, "no stack: it is no fault of ours");
    }
    assert.equal(Deno.readTextFileSync(`${dataDir}/deliveries.bin`), "queues of version 1");
    await assert.rejects(Deno.stat(`${dataDir}/qpq.db`), Deno.errors.NotFound);
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
    await until(() => asks(one).then(() => false, () => true));
    await assert.rejects(asks(one), /E001|no session|session/);
    await asks(other);
    connection.close();
    await stop(server);
  },
);

operatorTest(
  "status, users, devices and invites report the data, for people and programs, beside a running server",
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
