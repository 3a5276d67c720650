/** Measured over QUIC against a core process of its own, beside the bare round trip and the bare fsync of the same machine. Prints one JSON object. */

import { delivery } from "../schema/rpc/methods.ts";
import { makeChannel, publishTo } from "../server-core/testing/delivery_service.ts";
import { connect, startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { random, seedDevices } from "../server-core/testing/seed.ts";
import { type Rate, rateOf } from "./rate.ts";

/** One byte there and back on a fresh QUIC stream each time: what a call can not be faster than here. */
async function bareRoundTrip(caPem: string, keyPem: string): Promise<Rate[]> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({ cert: caPem, key: keyPem, alpnProtocols: ["bare"], maxConcurrentBidirectionalStreams: 1000 });
  void (async () => {
    const incoming = await (await listener.incoming()).accept();
    for await (const { readable, writable } of incoming.incomingBidirectionalStreams) void readable.pipeTo(writable).catch(() => {});
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

await withTempDir(async (dataDir) => {
  const devices = seedDevices(dataDir, 2);
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
      residentMiB: server.residentBytes() / 2 ** 20,
    };
    console.log(JSON.stringify(result));
    connection.close();
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
});
