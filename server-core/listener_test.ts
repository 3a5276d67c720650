import assert from "node:assert/strict";
import { maxStreamsPerConnection } from "./listener.ts";
import { connect, type Connection, pause, type ServerProcess, startProcess, withTempDir } from "./testing/quic.ts";

function withServer(test: (server: ServerProcess) => Promise<void>): () => Promise<void> {
  return () =>
    withTempDir(async (dataDir) => {
      const server = await startProcess(dataDir);
      try {
        await test(server);
      } finally {
        server.kill("SIGKILL");
        await server.status;
      }
    });
}

Deno.test({
  name: "an idle connection costs the core less than 200 KiB",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: withServer(async (server) => {
    const connections: Connection[] = [];
    const connectMore = async (count: number) => {
      for (let made = 0; made < count; made += 50) {
        connections.push(...await Promise.all(Array.from({ length: 50 }, () => connect(server.address, server.caPem))));
      }
      await pause(300);
      return server.residentBytes();
    };
    // The first connections make the process load code, whose memory belongs to no connection.
    const beforeBytes = await connectMore(50);
    const afterBytes = await connectMore(250);
    const each = (afterBytes - beforeBytes) / 250;
    for (const connection of connections) connection.close();
    assert.ok(each < 200 * 1024, `${(each / 1024).toFixed(0)} KiB each`);
  }),
});

Deno.test({
  name: "a connection may have 1,792 streams open at once",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: withServer(async (server) => {
    assert.equal(maxStreamsPerConnection, 1792);
    const { conn, close } = await connect(server.address, server.caPem);
    for (let open = 0; open < maxStreamsPerConnection; open++) await conn.createBidirectionalStream();
    await assert.rejects(conn.createBidirectionalStream());
    close();
  }),
});
