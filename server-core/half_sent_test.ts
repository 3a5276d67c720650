/** Calls that are begun and never finished, over real QUIC: they must hold nothing that others need. */

import assert from "node:assert/strict";
import { encodeCall } from "../schema/rpc/calls_and_returns.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { commitCall, makeChannel, outcome, sendCommit } from "./testing/delivery_service.ts";
import { connect, type Connection, pause, type ServerProcess, startProcess, withTempDir } from "./testing/quic.ts";
import { random, seedDevices, type TestDevice } from "./testing/seed.ts";

const megabyte = 1024 * 1024;

function withServer(
  devices: number,
  test: (server: ServerProcess, devices: TestDevice[]) => Promise<void>,
): () => Promise<void> {
  return () =>
    withTempDir(async (dataDir) => {
      const seeded = seedDevices(dataDir, devices);
      const server = await startProcess(dataDir);
      try {
        await test(server, seeded);
      } finally {
        server.kill("SIGKILL");
        await server.status;
      }
    });
}

/** Opens a stream, writes these bytes and leaves it open. */
async function begin({ conn }: Connection, bytes: Uint8Array) {
  const stream = await conn.createBidirectionalStream({ waitUntilAvailable: true });
  const writer = stream.writable.getWriter();
  await writer.write(bytes);
  return { writer, readable: stream.readable };
}

Deno.test({
  name: "SERVERS 2: commits that four accounts announce with 16 MiB and do not send refuse nobody's",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: withServer(6, async (server, [ann, bob, ...mallory]) => {
    const connection = await connect(server.address, server.caPem);
    const channelId = await makeChannel(connection.as, [ann, bob]);
    const attack = await connect(server.address, server.caPem);
    for (const device of mallory) {
      const own = random(32);
      await attack.as(device).call(delivery.createChannel, { channelId: own });
      const { params } = commitCall({ channelId: own, epoch: 0, members: [device] });
      for (let held = 0; held < 2; held++) {
        const announced = { ...params, commitId: random(16), welcomeLength: 16 * megabyte - 3000 };
        await begin(attack, encodeCall(delivery.commit, announced, device.auth));
      }
      // A call of the same connection that is answered: the ones before it have arrived.
      await attack.as(device).call(delivery.channelState, { channelId: own });
    }
    await pause(300);
    const commit = new Uint8Array(15 * megabyte).map((_, index) => index * 31);
    assert.equal(await outcome(sendCommit(connection.as(ann), { channelId, epoch: 1, members: [ann, bob] })), "ok");
    assert.equal(
      await outcome(sendCommit(connection.as(ann), { channelId, epoch: 2, members: [ann, bob], commit })),
      "ok",
    );
    attack.close();
    connection.close();
  }),
});

Deno.test({
  name: "SERVERS 10: a call that comes in pieces of one byte holds little more than its bytes",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: withServer(1, async (server, [ann]) => {
    const connection = await connect(server.address, server.caPem);
    await connection.as(ann).call(delivery.health, {});
    // The first pieces make the process load and compile code, whose memory belongs to no call.
    const claim = new Uint8Array(8);
    new DataView(claim.buffer).setUint32(4, 30_000, true);
    const drip = async (calls: number, pieces: number) => {
      const writers = [];
      for (let begun = 0; begun < calls; begun++) writers.push((await begin(connection, claim)).writer);
      for (let sent = 0; sent < pieces; sent++) {
        await Promise.all(writers.map((writer) => writer.write(Uint8Array.of(1))));
        // Else QUIC puts the next byte into the same packet.
        await pause(1);
      }
    };
    await drip(8, 200);
    const before = server.residentBytes();
    await drip(64, 1000);
    const grown = server.residentBytes() - before;
    assert.ok(grown < 40 * megabyte, `memory grew by ${(grown / megabyte).toFixed(0)} MiB`);
    assert.equal(await outcome(connection.as(ann).call(delivery.health, {})), "ok");
    connection.close();
  }),
});

Deno.test({
  name: "SERVERS 3: what is sent after a call without a body is reset, and not kept while the call runs",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: withServer(1, async (server, [ann]) => {
    const connection = await connect(server.address, server.caPem);
    const call = encodeCall(delivery.subscribe, { recipientKey: ann.recipientKey, after: 0 }, ann.auth);
    const { writer, readable } = await begin(connection, call);
    const answer = readable.getReader();
    const piece = new Uint8Array(64 * 1024);
    // More than QUIC keeps for a stream, so that it can not be written unless it is read.
    const sending = (async () => {
      for (let sent = 0; sent < 100; sent++) await writer.write(piece);
    })();
    const outcomes = await Promise.race([sending.then(() => "taken", () => "reset"), pause(5000).then(() => "kept")]);
    assert.equal(outcomes, "reset");
    await answer.cancel();
    connection.close();
  }),
});
