/** A core whose machine's clock goes wrong: the real server over QUIC, on a real database. */

import assert from "node:assert/strict";
import { makeLog } from "../server-common/log.ts";
import { authentication, delivery } from "../schema/rpc/methods.ts";
import { readConfig } from "./config.ts";
import { type Server, startServer } from "./server.ts";
import { Database } from "./storage/sqlite/database.ts";
import { makeChannel, outcome, publishTo, queueOf } from "./testing/delivery_service.ts";
import { operatorTest, records, run } from "./testing/operator.ts";
import { connect, type Connection } from "./testing/quic.ts";
import { random, seedDevices, sha256, type TestDevice } from "./testing/seed.ts";
import { until } from "../schema/testing/until.ts";

const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;

/** The machine, and the server on it. */
class Machine {
  readonly #dataDir: string;
  /** What its clock is off by, ms. */
  offMs = 0;
  /** Time that passed besides the real one, ms. */
  passedMs = 0;
  log: string[] = [];
  server!: Server;
  #connection: Connection | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async start(): Promise<void> {
    const config = readConfig({
      env: (name) => ({ QPQ_DATA: this.#dataDir, QPQ_LISTEN: "127.0.0.1:0" } as Record<string, string>)[name],
      readFile: Deno.readTextFileSync,
    });
    this.server = await startServer(config, {
      log: makeLog("info", (line) => this.log.push(line)),
      now: () => Date.now() + this.passedMs + this.offMs,
      monotonic: () => Math.trunc(performance.now()) + this.passedMs,
    });
    this.#connection = await connect(this.server.address, await Deno.readTextFile(`${this.#dataDir}/core-cert.pem`));
  }

  as(device: TestDevice): ReturnType<Connection["as"]> {
    return this.#connection!.as(device);
  }

  async stop(): Promise<void> {
    this.#connection?.close();
    await this.server?.drain();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

interface Stored {
  ann: TestDevice;
  bob: TestDevice;
  /** Of the message that waits for bob. */
  messageId: Uint8Array;
  blob: Uint8Array;
}

/** Two signed-in devices with a waiting message, a blob, KeyPackages and an invite. */
async function fill(machine: Machine, dataDir: string): Promise<Stored> {
  const [ann, bob] = seedDevices(dataDir, 2);
  await machine.start();
  const channelId = await makeChannel((device) => machine.as(device), [ann, bob]);
  const { messageId } = await publishTo(machine.as(ann), channelId, 1);
  const blob = random(5_000);
  await machine.as(ann).call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
  assert.equal((await run(dataDir, ["invite"])).code, 0);
  const db = new Database(`${dataDir}/qpq.db`);
  for (let count = 0; count < 3; count++) {
    db.run(
      `INSERT INTO key_packages (device_id, sha256, key_package, last_resort, not_before_ms, until_ms, not_after_ms)
       VALUES (?, ?, ?, 0, ?, ?, ?)`,
      bob.deviceId,
      random(32),
      random(99),
      Date.now() - 3_600_000,
      Date.now() + dayMs,
      Date.now() + dayMs,
    );
  }
  db.close();
  return { ann, bob, messageId, blob };
}

/** What of it is there for its owners. */
async function found(machine: Machine, dataDir: string, { ann, bob, messageId, blob }: Stored): Promise<string[]> {
  const there: string[] = [];
  if (await outcome(machine.as(ann).call(authentication.listSessions, {})) === "ok") there.push("session");
  else return there;
  const ids = (await queueOf(machine.as(bob), bob)).map(({ id }) => String(id));
  if (ids.includes(String(messageId))) there.push("message");
  const { available } = await machine.as(bob).call(authentication.countKeyPackages, {});
  there.push(`${available} KeyPackages`);
  let length = 0;
  const chunks = machine.as(bob).stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 });
  try {
    for await (const { bytes } of chunks) length += bytes.length;
  } catch { /* It is gone. */ }
  if (length === blob.length) there.push("blob");
  const invites = await records(dataDir, ["invites"]);
  if (invites.some(({ state }) => state === "open")) there.push("invite");
  return there;
}

const all = ["session", "message", "3 KeyPackages", "blob", "invite"];

for (const [words, offMs] of [["two years ahead", 2 * yearMs], ["twenty years back", -20 * yearMs]] as const) {
  operatorTest(
    `SERVERS 9: a core that starts ${words}, and is set right after 7 s, has lost nothing`,
    async (dataDir) => {
      const machine = new Machine(dataDir);
      try {
        const stored = await fill(machine, dataDir);
        machine.offMs = offMs;
        await machine.restart();
        machine.passedMs += 7_000;
        assert.deepEqual(await found(machine, dataDir, stored), all, "while the clock is wrong");
        machine.offMs = 0;
        assert.deepEqual(await found(machine, dataDir, stored), all, "in the same process");
        await machine.restart();
        assert.deepEqual(await found(machine, dataDir, stored), all, "after a restart");
        const { serverTimeMs } = await machine.as(stored.ann).call(delivery.health, {});
        assert.ok(Math.abs(serverTimeMs - machine.passedMs - Date.now()) < 60_000);
      } finally {
        await machine.stop();
      }
    },
  );
}

operatorTest("SERVERS 9: two years ahead and kept so: nothing goes until the operator's word", async (dataDir) => {
  const machine = new Machine(dataDir);
  try {
    const stored = await fill(machine, dataDir);
    machine.offMs = 2 * yearMs;
    await machine.restart();
    const ahead = async () =>
      Number((await machine.server.metrics.render()).match(/^qpq_clock_ahead_seconds (\S+)$/m)![1]);
    assert.ok(Math.abs(await ahead() - 2 * yearMs / 1000) < 60);
    assert.match(machine.log.join("\n"), /"level":"warn".*nothing is purged.*qpq-server clock --accept/);
    machine.passedMs += 3_600_000;
    await machine.restart();
    assert.deepEqual(await found(machine, dataDir, stored), all);
    // Commands have the real clock, which agrees with the trusted time here. The server's is what is accepted.
    const db = new Database(`${dataDir}/qpq.db`);
    db.run("UPDATE clock SET newest_ms = ?, accepted = accepted + 1", Date.now() + machine.passedMs + machine.offMs);
    db.close();
    await until(async () => await ahead() === 0);
    assert.deepEqual(await found(machine, dataDir, stored), []);
    const left = () => {
      const reader = new Database(`${dataDir}/qpq.db`, { readonly: true });
      const { found } = reader.get<{ found: number }>(
        `SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM key_packages) + (SELECT count(*) FROM invites) +
           (SELECT count(*) FROM blobs) + (SELECT count(*) FROM entries WHERE kind = 0) AS found`,
      )!;
      reader.close();
      return found;
    };
    await until(() => left() === 0);
  } finally {
    await machine.stop();
  }
});

operatorTest(
  "SERVERS 9: status says that the clock is off, and clock --accept makes a running core believe it",
  async (dataDir) => {
    const machine = new Machine(dataDir);
    try {
      const stored = await fill(machine, dataDir);
      await machine.stop();
      const db = new Database(`${dataDir}/qpq.db`);
      // As if the server had been off for twenty days.
      db.run("UPDATE clock SET newest_ms = newest_ms - ?", 20 * dayMs);
      db.close();
      await machine.start();
      const [facts] = await records(dataDir, ["clock"]);
      assert.ok(Math.abs(Number(facts.aheadMs) - 20 * dayMs) < 60_000);
      assert.match(
        (await run(dataDir, ["status"])).out,
        /^clock +20 days ahead: nothing is purged\. .*clock --accept$/m,
      );
      assert.match((await run(dataDir, ["clock"])).out, /^20 days ahead/);
      const [invite] = await records(dataDir, ["invite", "1"]);
      assert.ok(Number(invite.expiresMs) < Date.now() - 18 * dayMs, "the trusted time");
      assert.match((await run(dataDir, ["clock", "--accept"])).out, /^right$/m);
      await until(() => /accepted the machine's clock/.test(machine.log.join("\n")));
      const { serverTimeMs } = await machine.as(stored.ann).call(delivery.health, {});
      assert.ok(Math.abs(serverTimeMs - Date.now()) < 60_000);
      assert.deepEqual(await found(machine, dataDir, stored), all);
      assert.match((await run(dataDir, ["status"])).out, /^clock +right$/m);
    } finally {
      await machine.stop();
    }
  },
);

operatorTest(
  "SERVERS 9: the operator takes a wrong word back; what was made meanwhile is not in the future",
  async (dataDir) => {
    const machine = new Machine(dataDir);
    try {
      const stored = await fill(machine, dataDir);
      const accepted = () => machine.log.filter((line) => /accepted the machine's clock/.test(line)).length;
      const laterMs = Date.now() + 2 * yearMs;
      const db = new Database(`${dataDir}/qpq.db`);
      db.run("UPDATE sessions SET last_used_ms = ?, expires_ms = ?", laterMs, laterMs + 30 * dayMs);
      db.run("UPDATE key_packages SET until_ms = ?, not_after_ms = until_ms", laterMs + dayMs);
      db.run("UPDATE entries SET received_ms = ?", laterMs);
      machine.offMs = 2 * yearMs;
      db.run("UPDATE clock SET newest_ms = ?, accepted = accepted + 1", laterMs);
      await until(() => accepted() === 1);
      machine.offMs = 0;
      assert.match((await run(dataDir, ["clock"])).out, /^730 days behind/);
      await run(dataDir, ["clock", "--accept"]);
      await until(() => accepted() === 2);
      const { sessions } = await machine.as(stored.ann).call(authentication.listSessions, {});
      assert.ok(sessions.every(({ expiresMs }) => expiresMs <= Date.now() + 31 * dayMs));
      const { latest } = db.get<{ latest: number }>(
        "SELECT max((SELECT max(received_ms) FROM entries), (SELECT max(until_ms) FROM key_packages)) AS latest",
      )!;
      assert.ok(latest <= Date.now() + 2 * dayMs);
      db.close();
    } finally {
      await machine.stop();
    }
  },
);
