import assert from "node:assert/strict";
import type { RpcClient } from "../schema/rpc/client.ts";
import { authentication, delivery } from "../schema/rpc/methods.ts";
import { DiskSpace, type DiskState, readDisk } from "./disk_space.ts";
import { makeChannel, outcome, publishTo, queueOf } from "./testing/delivery_service.ts";
import { operatorTest, records } from "./testing/operator.ts";
import { connect, startProcess, withTempDir } from "./testing/quic.ts";
import { random, seedDevices, sha256 } from "./testing/seed.ts";

const totalBytes = 1e6;

function space(reservePercent: number) {
  const disk: { freePercent: number; missing?: boolean } = { freePercent: 50 };
  const lines: string[] = [];
  const log = (level: string) => (event: string) => void lines.push(`${level} ${event}`);
  const watched = new DiskSpace({
    dataDir: "/data",
    reservePercent,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    clock: (() => {
      let nowMs = 0;
      return () => nowMs += 1000;
    })(),
    read(): DiskState {
      if (disk.missing) throw new Error("no such call");
      return { freeBytes: disk.freePercent / 100 * totalBytes, totalBytes, freePercent: disk.freePercent };
    },
  });
  return { disk, lines, watched };
}

const admitted = (watched: DiskSpace, method = delivery.publish) =>
  outcome(Promise.resolve().then(() => watched.admit(method as typeof delivery.publish)));

Deno.test("SERVERS 8: below the reserve what stores more is refused, until a fifth more is free", async () => {
  const { disk, lines, watched } = space(10);
  assert.equal(await admitted(watched), "ok");
  const expected: [number, string][] = [[9.9, "E032"], [10.1, "E032"], [11.9, "E032"], [12, "ok"], [10, "ok"], [
    9,
    "E032",
  ]];
  for (const [freePercent, answer] of expected) {
    disk.freePercent = freePercent;
    assert.equal(await admitted(watched), answer, `${freePercent} % free`);
  }
  for (const method of [delivery.ack, delivery.ackEntries, delivery.fetch, authentication.putDeviceList]) {
    assert.equal(await admitted(watched, method as typeof delivery.publish), "ok");
  }
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^error disk nearly full.*QPQ_DISK_RESERVE/);
  assert.match(lines[1], /^info there is room/);
});

Deno.test("SERVERS 8: bytes that are about to come count against the reserve", () => {
  const { watched } = space(10);
  watched.requireRoom(0.4 * totalBytes);
  assert.throws(() => watched.requireRoom(0.41 * totalBytes), /E032/);
  assert.equal(watched.refuses, false);
});

Deno.test("a disk that can not be asked refuses nothing and is reported once; nor does a reserve of 0", async () => {
  const { disk, lines, watched } = space(10);
  disk.missing = true;
  for (let times = 0; times < 3; times++) assert.equal(await admitted(watched), "ok");
  assert.equal(lines.length, 1);
  const { disk: full, watched: unlimited } = space(0);
  full.freePercent = 0;
  assert.equal(await admitted(unlimited), "ok");
});

Deno.test("readDisk() gives what the system says", () =>
  withTempDir((dataDir) => {
    const { freeBytes, totalBytes, freePercent } = readDisk(dataDir);
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes);
    assert.ok(freePercent > 0 && freePercent <= 100);
    return Promise.resolve();
  }));

operatorTest(
  "SERVERS 8: a server whose disk is below its reserve reads, acknowledges and deletes, and stores nothing new",
  async (dataDir) => {
    const [ann, bob] = seedDevices(dataDir, 2);
    const blob = random(1000);
    const put = (client: RpcClient) =>
      client.call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
    let channelId = random(32);
    const serve = async (reserve: string, work: (as: (device: typeof ann) => RpcClient) => Promise<void>) => {
      const server = await startProcess(dataDir, { QPQ_DISK_RESERVE: reserve, QPQ_METRICS_PORT: "0" });
      const { as, close } = await connect(server.address, server.caPem);
      await work(as);
      const port = /"metricsPort":(\d+)/.exec(server.log())![1];
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      assert.match(metrics, new RegExp(`^qpq_disk_refusing ${reserve === "0" ? 0 : 1}$`, "m"));
      const at = { QPQ_LISTEN: `127.0.0.1:${server.address.port}`, QPQ_DISK_RESERVE: reserve };
      const [{ disk }] = await records(dataDir, ["status"], at) as [{ disk: Record<string, unknown> }];
      assert.deepEqual([disk.reservePercent, disk.low], [Number(reserve), reserve !== "0"]);
      close();
      server.kill("SIGTERM");
      await server.status;
      assert.equal(server.log().split("disk nearly full").length, reserve === "0" ? 1 : 2);
    };
    await serve("0", async (as) => {
      channelId = await makeChannel(as, [ann, bob]);
      for (let count = 0; count < 3; count++) await publishTo(as(ann), channelId, 1);
    });
    await serve("100", async (as) => {
      const { recipientKey } = bob;
      const body = { recipientKey, channelId, messageId: random(16), body: random(10) };
      const answers = [
        publishTo(as(ann), channelId, 1),
        as(ann).call(delivery.createChannel, { channelId: random(32) }),
        as(ann).call(delivery.enqueue, body),
        put(as(ann)),
      ].map(outcome);
      assert.deepEqual(await Promise.all(answers), Array(4).fill("E032"));
      const queue = await queueOf(as(bob), bob);
      assert.equal(queue.length, 4);
      await as(bob).call(delivery.ackEntries, { recipientKey, seqs: [queue[1].seq] });
      await as(bob).call(delivery.ack, { recipientKey, upTo: queue[2].seq });
      assert.equal((await queueOf(as(bob), bob)).length, 1);
    });
    await serve("0", async (as) => {
      await publishTo(as(ann), channelId, 1);
      await put(as(ann));
      assert.equal((await queueOf(as(bob), bob)).length, 2);
    });
  },
);
