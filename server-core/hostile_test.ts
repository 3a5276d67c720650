/** Sends hostile bytes to the port. The server must keep serving, with bounded memory. */

import assert from "node:assert/strict";
import { encodeChunk } from "../schema/rpc/byte_messages.ts";
import { encodeCall } from "../schema/rpc/calls_and_returns.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { makeChannel, outcome, publishTo } from "./testing/delivery_service.ts";
import { connect, type Connection, pause, type ServerProcess, startProcess, withTempDir } from "./testing/quic.ts";
import { random, seedDevices, type TestDevice } from "./testing/seed.ts";

/** A generator with a fixed seed, so that a failure is reproducible. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

async function send(
  { conn }: Connection,
  bytes: Uint8Array<ArrayBuffer>,
  finish: boolean,
): Promise<Deno.QuicBidirectionalStream> {
  const stream = await conn.createBidirectionalStream({ waitUntilAvailable: true });
  const writer = stream.writable.getWriter();
  await writer.write(bytes).catch(() => {});
  if (finish) await writer.close().catch(() => {});
  return stream;
}

/** Reads the answer, for at most a second. */
async function drainAnswer(stream: Deno.QuicBidirectionalStream): Promise<number> {
  const reader = stream.readable.getReader();
  let length = 0;
  const late = pause(1000).then(() => ({ done: true, value: undefined }));
  while (true) {
    const { value, done } = await Promise.race([reader.read(), late]).catch(() => ({ done: true, value: undefined }));
    if (done || !value) return length;
    length += value.length;
  }
}

async function stillServes(server: ServerProcess, [ann, bob]: TestDevice[]): Promise<void> {
  const connection = await connect(server.address, server.caPem, "capnp", "127.0.2.1");
  const channelId = await makeChannel(connection.as, [ann, bob]);
  assert.equal(await outcome(publishTo(connection.as(ann), channelId, 1)), "ok");
  connection.close();
}

async function randomCalls(server: ServerProcess, devices: TestDevice[]): Promise<void> {
  const next = seeded(1);
  const call = encodeCall(delivery.commit, {
    channelId: random(32),
    epoch: 0,
    commitId: random(16),
    sha256: random(32),
    commitLength: 5,
    welcomeLength: 0,
    headersLength: 1200,
    removed: [],
    added: [random(32)],
  }, devices[0].auth);
  const connection = await connect(server.address, server.caPem);
  for (let round = 0; round < 400; round += 20) {
    await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const mutated = call.slice();
      const kind = (round + index) % 4;
      if (kind === 0) {
        return await drainAnswer(
          await send(
            connection,
            random(1 + next(300)).map((byte, at) => at === 0 && byte === 0x71 ? 0 : byte) as Uint8Array<ArrayBuffer>,
            true,
          ),
        );
      }
      if (kind === 1) {
        return await drainAnswer(await send(connection, mutated.slice(0, 1 + next(mutated.length)), true));
      }
      for (let flips = 0; flips < 3; flips++) mutated[8 + next(mutated.length - 8)] ^= 1 + next(255);
      return await drainAnswer(
        await send(connection, kind === 2 ? mutated : new Uint8Array([...mutated, ...random(100)]), true),
      );
    }));
  }
  connection.close();
}

async function oversizedCalls(server: ServerProcess): Promise<void> {
  const connection = await connect(server.address, server.caPem);
  for (const words of [0xffffffff, 0x7fffffff, 40_000]) {
    const claim = new Uint8Array(8 + 200_000);
    new DataView(claim.buffer).setUint32(4, words, true);
    assert.ok(
      await drainAnswer(await send(connection, claim, false)) > 0,
      "the answer comes although the call never ends",
    );
  }
  connection.close();
}

async function oversizedBodies(server: ServerProcess, [ann]: TestDevice[]): Promise<void> {
  const connection = await connect(server.address, server.caPem);
  const channelId = random(32);
  await connection.as(ann).call(delivery.createChannel, { channelId });
  const params = {
    channelId,
    epoch: 0,
    commitId: random(16),
    sha256: random(32),
    commitLength: 100,
    welcomeLength: 0,
    headersLength: 1200,
    removed: [],
    added: [],
  };
  assert.equal(await outcome(connection.as(ann).call(delivery.commit, params, {}, new Uint8Array(8_000_000))), "E014");
  const chunk = encodeChunk(new Uint8Array(65_536));
  chunk[0] = 9;
  const call = encodeCall(delivery.commit, { ...params, commitId: random(16) }, ann.auth);
  assert.ok(await drainAnswer(await send(connection, new Uint8Array([...call, ...chunk]), true)) > 0);
  connection.close();
}

/** Calls that are never finished, on streams and connections that are left open. */
async function halfOpen(server: ServerProcess): Promise<Connection[]> {
  const connections: Connection[] = [];
  for (let index = 0; index < 20; index++) {
    const connection = await connect(server.address, server.caPem);
    connections.push(connection);
    const claim = new Uint8Array(8 + 4000);
    new DataView(claim.buffer).setUint32(4, 30_000, true);
    // The first one opens more than a client may.
    const sending = Array.from({ length: index === 0 ? 1000 : 50 }, () => send(connection, claim, false));
    await Promise.all(sending.map((sent) => sent.catch(() => {})));
  }
  return connections;
}

async function randomDatagrams(server: ServerProcess): Promise<void> {
  const next = seeded(2);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (let index = 0; index < 5000; index++) {
    const datagram = random(5 + next(1400));
    // Two in three look like a QUIC long header: Initial packets of version 1 and of unknown versions.
    if (index % 3 > 0) datagram.set([0xc0 | next(64), 0, 0, 0, index % 3 === 1 ? 1 : next(256)]);
    await socket.send(datagram, { transport: "udp", hostname: "127.0.0.1", port: server.address.port });
  }
  socket.close();
}

/** Handshakes that are started and abandoned. */
async function abandonedHandshakes(server: ServerProcess): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    const attempts = Array.from(
      { length: 20 },
      () =>
        Deno.connectQuic<false>({
          hostname: "127.0.0.1",
          port: server.address.port,
          serverName: "localhost",
          alpnProtocols: ["capnp"],
          caCerts: [server.caPem],
          endpoint,
        }).catch(() => {}),
    );
    await pause(1);
    endpoint.close({ closeCode: 0, reason: "" });
    await Promise.race([Promise.all(attempts), pause(200)]);
  }
}

Deno.test({
  name: "hostile calls, bodies, streams, handshakes and datagrams leave the server serving, with bounded memory",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      const devices = seedDevices(dataDir, 2);
      const server = await startProcess(dataDir);
      const held: Connection[] = [];
      try {
        await stillServes(server, devices);
        const before = server.residentBytes();
        for (const attack of [randomCalls, oversizedCalls, oversizedBodies, randomDatagrams, abandonedHandshakes]) {
          await attack(server, devices);
          await stillServes(server, devices);
        }
        held.push(...await halfOpen(server));
        await stillServes(server, devices);
        const grown = server.residentBytes() - before;
        assert.ok(grown < 250 * 1024 * 1024, `memory grew by ${Math.round(grown / 1024 / 1024)} MiB`);
        assert.ok(!/unhandled|"level":"error"/.test(server.log()), server.log());
      } finally {
        for (const { close } of held) close();
        server.kill("SIGKILL");
        await server.status;
      }
    }),
});
