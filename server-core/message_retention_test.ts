/** How long messages wait for a device that is away is the operator's choice (QPQ_QUEUE_DAYS). */

import assert from "node:assert/strict";
import { EntryKind } from "../schema/rpc/methods.ts";
import { readConfig } from "./config.ts";
import { openDatabase } from "./storage/sqlite/open.ts";
import { makeChannel, publishTo, queueOf } from "./testing/delivery_service.ts";
import { operatorTest, records, run } from "./testing/operator.ts";
import { connect, startProcess } from "./testing/quic.ts";
import { seedDevices } from "./testing/seed.ts";
import { until } from "../schema/testing/until.ts";

const dayMs = 24 * 3_600_000;

operatorTest(
  "SERVERS 14: a server drops messages that waited longer than its operator says, with a gap, and status says how long",
  async (dataDir) => {
    const [ann, bob] = seedDevices(dataDir, 2);
    const serve = async (days: string, work: (as: Awaited<ReturnType<typeof connect>>["as"]) => Promise<void>) => {
      const server = await startProcess(dataDir, { QPQ_QUEUE_DAYS: days });
      const { as, close } = await connect(server.address, server.caPem);
      await work(as);
      close();
      const env = { QPQ_QUEUE_DAYS: days, QPQ_LISTEN: `127.0.0.1:${server.address.port}` };
      assert.equal((await records(dataDir, ["status"], env))[0].queueDays, Number(days));
      assert.match((await run(dataDir, ["status"], env)).out, new RegExp(`; ${days} days at most`));
      server.kill("SIGTERM");
      await server.status;
    };
    await serve("90", async (as) => {
      const channelId = await makeChannel(as, [ann, bob]);
      for (let count = 0; count < 2; count++) await publishTo(as(ann), channelId, 1);
    });
    const db = openDatabase({ dataDir });
    db.run("UPDATE entries SET received_ms = received_ms - ? WHERE kind = 0", 2 * dayMs);
    db.close();
    const kinds = async (as: Awaited<ReturnType<typeof connect>>["as"]) =>
      (await queueOf(as(bob), bob)).map(({ kind, epoch }) => kind === EntryKind.GAP ? `gap of ${epoch}` : kind);
    await serve("3", async (as) => {
      assert.deepEqual(await kinds(as), [EntryKind.WELCOME, EntryKind.APPLICATION, EntryKind.APPLICATION]);
    });
    await serve("1", async (as) => {
      // The purge of the start runs beside the first calls.
      await until(async () => (await kinds(as)).length <= 2);
      assert.deepEqual(await kinds(as), [EntryKind.WELCOME, "gap of 2"]);
    });
  },
);

Deno.test("SERVERS 14: QPQ_QUEUE_DAYS is 1 to 3650 days, from the environment or qpq-server.toml", () => {
  const read = (days: string | undefined, toml?: string) =>
    readConfig({ env: (key) => key === "QPQ_QUEUE_DAYS" ? days : undefined, readFile: () => "", toml }).queueAgeMs /
    dayMs;
  assert.deepEqual([read(undefined), read("1"), read("3650")], [90, 1, 3650]);
  assert.deepEqual([read(undefined, "queue_days = 7"), read("8", "queue_days = 7")], [7, 8]);
  for (const days of ["0", "3651", "7d", "-1", "1.5"]) {
    assert.throws(() => read(days), /^ConfigError: QPQ_QUEUE_DAYS: /);
  }
});
