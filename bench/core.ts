/**
 * Measured over QUIC against a core process of its own, beside the bare round trip and the bare fsync of the
 * same machine. Prints one JSON object.
 */

import { delivery, EntryKind } from "../schema/rpc/methods.ts";
import { makeChannel, publishTo } from "../server-core/testing/delivery_service.ts";
import { connect, pause, type ServerProcess, startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { random, seedDevices, type TestDevice } from "../server-core/testing/seed.ts";
import { percentiles } from "./statistics.mjs";
import { type Rate, rateOf } from "./rate.ts";

/** One byte there and back on a fresh QUIC stream each time: what a call can not be faster than here. */
async function bareRoundTrip(caPem: string, keyPem: string): Promise<Rate[]> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({
    cert: caPem,
    key: keyPem,
    alpnProtocols: ["bare"],
    maxConcurrentBidirectionalStreams: 1000,
  });
  void (async () => {
    const incoming = await (await listener.incoming()).accept();
    for await (const { readable, writable } of incoming.incomingBidirectionalStreams) {
      void readable.pipeTo(writable).catch(() => {});
    }
  })().catch(() => {});
  const connection = await connect({ hostname: "127.0.0.1", port: endpoint.addr.port }, caPem, "bare");
  const once = async () => {
    const { readable, writable } = await connection.conn.createBidirectionalStream({ waitUntilAvailable: true });
    const writer = writable.getWriter();
    void writer.write(new Uint8Array([1])).then(() => writer.close()).catch(() => {});
    for await (const _ of readable);
  };
  const rates = [await rateOf(1, once), await rateOf(64, once)];
  connection.close();
  endpoint.close();
  return rates;
}

/** Appends of 4 KiB, each followed by fdatasync: what a durable write can not be faster than without sharing. */
function bareFsync(dataDir: string): number {
  using file = Deno.openSync(`${dataDir}/fsync`, { create: true, write: true });
  const page = new Uint8Array(4096);
  const endMs = performance.now() + 3000;
  let count = 0;
  for (; performance.now() < endMs; count++) {
    file.writeSync(page);
    file.syncDataSync();
  }
  return count / 3;
}

/** Publishers on connections of their own, each one message after another. */
async function durableOver(
  count: number,
  server: ServerProcess,
  devices: TestDevice[],
  channelId: Uint8Array<ArrayBuffer>,
  envelope: Uint8Array<ArrayBuffer>,
): Promise<Rate> {
  const connections = await Promise.all(Array.from({ length: count }, () => connect(server.address, server.caPem)));
  const clients = connections.map((connection, index) => connection.as(devices[index % devices.length]));
  const { epoch } = await clients[0].call(delivery.channelState, { channelId });
  const rate = await rateOf(count, (caller) => publishTo(clients[caller], channelId, epoch, envelope), 3000);
  for (const connection of connections) connection.close();
  return rate;
}

/**
 * One message to `count` subscribers: from the press to the publisher's answer, and to the last subscriber.
 * The subscribers share a few connections, as those of one gateway do.
 */
async function fanOut(server: ServerProcess, devices: TestDevice[], envelope: Uint8Array<ArrayBuffer>) {
  const connections = await Promise.all(Array.from({ length: 8 }, () => connect(server.address, server.caPem)));
  const subscribers = devices.slice(1);
  const channelId = await makeChannel(connections[0].as, devices);
  const { epoch } = await connections[0].as(devices[0]).call(delivery.channelState, { channelId });
  const stop = new AbortController();
  let listening = 0;
  let arrived = 0;
  let round = Promise.withResolvers<void>();
  for (const [index, device] of subscribers.entries()) {
    void (async () => {
      const stream = connections[index % connections.length].as(device).stream(delivery.subscribe, {
        recipientKey: device.recipientKey,
        after: 0,
      }, { signal: stop.signal });
      for await (const { entries } of stream) {
        if (entries.length === 0) listening++;
        arrived += entries.filter(({ kind }) => kind === EntryKind.APPLICATION).length;
        if (arrived === subscribers.length) round.resolve();
      }
    })().catch(() => {});
  }
  while (listening < subscribers.length) await pause(20);
  const answeredMs: number[] = [];
  const lastMs: number[] = [];
  for (let message = 0; message < 10; message++) {
    arrived = 0;
    round = Promise.withResolvers();
    const startMs = performance.now();
    await publishTo(connections[0].as(devices[0]), channelId, epoch, envelope);
    answeredMs.push(performance.now() - startMs);
    await round.promise;
    lastMs.push(performance.now() - startMs);
  }
  stop.abort();
  for (const connection of connections) connection.close();
  return { subscribers: subscribers.length, answered: percentiles(answeredMs), last: percentiles(lastMs) };
}

/** What idle connections hold. */
async function idleConnections(server: ServerProcess, count: number) {
  const beforeBytes = server.residentBytes();
  const connections = [];
  for (let made = 0; made < count; made += 50) {
    connections.push(
      ...await Promise.all(
        Array.from({ length: Math.min(50, count - made) }, () => connect(server.address, server.caPem)),
      ),
    );
  }
  await pause(1000);
  const afterBytes = server.residentBytes();
  for (const connection of connections) connection.close();
  return { count, residentMiB: afterBytes / 2 ** 20, kiBEach: (afterBytes - beforeBytes) / 1024 / count };
}

await withTempDir(async (dataDir) => {
  const everybody = seedDevices(dataDir, 1001);
  const devices = everybody.slice(0, 2);
  const server = await startProcess(dataDir);
  try {
    const connection = await connect(server.address, server.caPem);
    const [sender] = devices;
    const channelId = await makeChannel(connection.as, devices);
    const client = connection.as(sender);
    const envelope = random(800);
    const { epoch } = await client.call(delivery.channelState, { channelId });
    const publish = () => publishTo(client, channelId, epoch, envelope);
    const health = () => client.call(delivery.health, {});
    const result = {
      bareRoundTrip: await bareRoundTrip(server.caPem, await Deno.readTextFile(`${dataDir}/core-key.pem`)),
      bareFsyncPerSecond: bareFsync(dataDir),
      calls: [await rateOf(1, health), await rateOf(16, health), await rateOf(64, health)],
      durable: [await rateOf(1, publish), await rateOf(16, publish), await rateOf(64, publish)],
      durableOver: [
        await durableOver(1, server, devices, channelId, envelope),
        await durableOver(16, server, devices, channelId, envelope),
        await durableOver(64, server, devices, channelId, envelope),
      ],
      residentMiB: server.residentBytes() / 2 ** 20,
      idle: await idleConnections(server, 1000),
      fanOut: await fanOut(server, everybody, envelope),
    };
    console.log(JSON.stringify(result));
    connection.close();
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
});
