/** Too many connections, handshakes, streams and half-sent calls of some: the others and the gateways come in. */

import assert from "node:assert/strict";
import { encodeClientAddress } from "../schema/gateway_admission.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { connectToCore } from "../gateway/upstream_connection.ts";
import { maxPendingHandshakes } from "./listener.ts";
import { outcome } from "./testing/delivery_service.ts";
import { connect, type Connection, pause, type ServerProcess, startProcess, withTempDir } from "./testing/quic.ts";

const megabyte = 1024 * 1024;
const secret = "0123456789abcdef0123456789abcdef";

function core(name: string, env: Record<string, string>, test: (server: ServerProcess) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      withTempDir(async (dataDir) => {
        const server = await startProcess(dataDir, { QPQ_GATEWAY_SECRET: secret, ...env });
        try {
          await test(server);
        } finally {
          server.kill("SIGKILL");
          await server.status;
        }
      }),
  });
}

const dial = (server: ServerProcess, from: string) => connect(server.address, server.caPem, "capnp", from);
const health = (connection: Connection) => outcome(connection.as().call(delivery.health, {}, { timeoutMs: 10_000 }));

/** A gateway that has been admitted. */
async function admitted(server: ServerProcess): Promise<{ call(from: string): RpcClient; conn: Deno.QuicConn }> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const trust = { caPem: server.caPem, serverName: "localhost", pin: server.pin };
  const key = new TextEncoder().encode(secret);
  const conn = await connectToCore(endpoint, { hostname: "127.0.0.1", port: server.address.port }, trust, key, 10_000);
  const call = (address: string) =>
    new RpcClient(async () => {
      const stream = await conn.createBidirectionalStream({ waitUntilAvailable: true });
      const writer = stream.writable.getWriter();
      await writer.write(encodeClientAddress({ address, port: 1 }));
      writer.releaseLock();
      return stream;
    });
  return { call, conn };
}

/**
 * A relay that passes first packets to the core and no answers back: for the core each client falls silent in the
 * middle of its handshake, as one does whose packets are forged.
 */
function forgeFrom({ address: { port }, caPem }: ServerProcess, addresses: string[]) {
  const relay = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const out = addresses.map((hostname) => Deno.listenDatagram({ transport: "udp", hostname, port: 0 }));
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const to = {
    endpoint,
    hostname: "127.0.0.1",
    port: (relay.addr as Deno.NetAddr).port,
    serverName: "localhost",
    caCerts: [caPem],
    alpnProtocols: ["capnp"],
  };
  const forger = {
    passed: 0,
    handshake: () => void Deno.connectQuic<false>(to).catch(() => {}),
    close() {
      endpoint.close();
      relay.close();
      for (const socket of out) socket.close();
    },
  };
  (async () => {
    for await (const [datagram] of relay) {
      await out[forger.passed++ % out.length].send(datagram, { transport: "udp", hostname: "127.0.0.1", port });
    }
  })().catch(() => {});
  return forger;
}

/** The start of a call of 240 kB: so many bytes of it. */
function halfACall(length = 300): Uint8Array<ArrayBuffer> {
  const claim = new Uint8Array(8 + length);
  new DataView(claim.buffer).setUint32(4, 30_000, true);
  return claim;
}

async function begin(conn: Deno.QuicConn, bytes: Uint8Array): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = await conn.createBidirectionalStream({ waitUntilAvailable: true });
  await writable.getWriter().write(bytes);
  return readable;
}

core("SERVERS 3: one address has some connections, and the others come in", { QPQ_CONNECTIONS_PER_IP: "5" }, async (
  server,
) => {
  const mallory = [];
  for (let made = 0; made < 8; made++) mallory.push(await dial(server, "127.0.2.1"));
  const answers = await Promise.all(mallory.map(health));
  assert.deepEqual(answers.slice(0, 5), Array(5).fill("ok"));
  assert.ok(answers.slice(5).every((answer) => answer !== "ok"), answers.join());
  const ann = await dial(server, "127.0.2.2");
  assert.equal(await health(ann), "ok");
  mallory[0].close();
  await mallory[0].conn.closed.catch(() => {});
  await pause(300);
  const again = await dial(server, "127.0.2.1");
  assert.equal(await health(again), "ok", "a place that is given back is free");
  for (const { close } of [...mallory.slice(1), ann, again]) close();
});

core("SERVERS 3: one address begins some handshakes a second, and the others connect", {
  QPQ_CONNECTIONS_PER_IP: "2",
}, async (server) => {
  const mallory = await Promise.all(Array.from({ length: 40 }, () => dial(server, "127.0.2.1").catch(() => undefined)));
  const made = mallory.filter((connection) => connection !== undefined);
  assert.ok(made.length < 40, `${made.length} connections`);
  const ann = await dial(server, "127.0.2.2");
  assert.equal(await health(ann), "ok");
  for (const { close } of [...made, ann]) close();
});

core("SERVERS 3: who uses up the handshakes of a gateway's address does not keep the gateway away", {
  QPQ_CONNECTIONS_PER_IP: "2",
}, async (server) => {
  const first = await admitted(server);
  const forger = forgeFrom(server, ["127.0.0.1"]);
  let isOver = false;
  const forging = (async () => {
    for (; !isOver; await pause(20)) forger.handshake();
  })();
  while (forger.passed < 50) await pause(20);
  for (let tries = 0; tries < 8; tries++) {
    const again = await admitted(server);
    assert.equal(await outcome(again.call("203.0.113.1").call(delivery.health, {})), "ok");
  }
  assert.equal(await outcome(first.call("203.0.113.1").call(delivery.health, {})), "ok");
  isOver = true;
  await forging;
  forger.close();
});

core("SERVERS 3: a gateway comes in while clients have every connection", { QPQ_MAX_CONNECTIONS: "5" }, async (
  server,
) => {
  const clients: Connection[] = [];
  for (let made = 0; made < 5; made++) clients.push(await dial(server, `127.0.2.${1 + made}`));
  assert.deepEqual(await Promise.all(clients.map(health)), Array(5).fill("ok"));
  // These take the places that are kept for gateways, and say nothing.
  for (let made = 0; made < 100; made++) clients.push(await dial(server, `127.0.3.${1 + made}`));
  for (let made = 0; made < 3; made++) {
    const gateway = await admitted(server);
    assert.equal(await outcome(gateway.call("203.0.113.1").call(delivery.health, {})), "ok");
  }
  for (const { close } of clients) close();
});

core("SERVERS 3: handshakes that nobody finishes keep nobody out", {}, async (server) => {
  const forger = forgeFrom(server, Array.from({ length: 8 }, (_, index) => `127.0.2.${index + 1}`));
  for (let begun = 0; begun < maxPendingHandshakes + 200; begun++) {
    forger.handshake();
    if (begun % 50 === 0) await pause(20);
  }
  while (forger.passed < maxPendingHandshakes + 200) await pause(50);
  await pause(500);
  for (const from of ["127.0.0.1", "127.0.2.1"]) {
    const connection = await dial(server, from);
    assert.equal(await health(connection), "ok", from);
    connection.close();
  }
  forger.close();
});

core(
  "SERVERS 3: a connection without a user fills no memory by streams that it does not finish",
  {},
  async (server) => {
    const ann = await dial(server, "127.0.2.2");
    assert.equal(await health(ann), "ok");
    const before = server.residentBytes();
    const { conn, close } = await dial(server, "127.0.2.1");
    const bytes = halfACall(230_000);
    let most = 0;
    const sending = Array.from({ length: 1700 }, () => begin(conn, bytes).catch(() => {}));
    const watch = setInterval(() => most = Math.max(most, server.residentBytes() - before), 20);
    const ended = conn.closed.then((info) => info.reason, (error) => String(error));
    const reason = await Promise.race([ended, pause(20_000)]) ?? "open";
    clearInterval(watch);
    assert.match(reason, /half sent/, `memory grew by ${Math.round(most / megabyte)} MiB`);
    await Promise.all(sending);
    assert.ok(most < 150 * megabyte, `memory grew by ${Math.round(most / megabyte)} MiB`);
    const again = await dial(server, "127.0.2.1");
    assert.notEqual(await health(again), "ok", "the address gets no new connection at once");
    assert.equal(await health(ann), "ok");
    again.close();
    close();
    ann.close();
  },
);

core("SERVERS 3: when memory is short, the connection with most unread calls is closed", {
  QPQ_CORE_MEMORY: "128m",
}, async (server) => {
  const ann = await dial(server, "127.0.2.2");
  const mallory = await dial(server, "127.0.2.1");
  const half = halfACall(100);
  await begin(ann.conn, half);
  for (let begun = 0; begun < 40; begun++) await begin(mallory.conn, half);
  const ended = mallory.conn.closed.then(({ reason }) => reason, (error) => String(error));
  assert.match(await Promise.race([ended, pause(8_000)]) ?? "open", /short of memory/);
  assert.equal(await health(ann), "ok");
  assert.match(server.log(), /the greediest is closed/);
  ann.close();
});

core("SERVERS 6: half-sent calls of one browser's address end for its newer ones, and others' go on", {}, async (
  server,
) => {
  const { call, conn } = await admitted(server);
  const prefix = encodeClientAddress({ address: "203.0.113.1", port: 1 });
  const half = new Uint8Array([...prefix, ...halfACall()]);
  const answers: Promise<number>[] = [];
  for (let begun = 0; begun < 300; begun++) {
    const readable = await begin(conn, half);
    answers.push(readable.getReader().read().then(({ value }) => value?.length ?? 0, () => 0));
  }
  const first = await Promise.race([Promise.all(answers.slice(0, 300 - 256)), pause(5_000)]);
  assert.ok(first?.every((length) => length > 0), "the oldest are answered");
  assert.equal(await outcome(call("203.0.113.1").call(delivery.health, {})), "ok");
  assert.equal(await outcome(call("203.0.113.2").call(delivery.health, {})), "ok");
});

core("streams of a client wait for their turn, and too many are refused", { QPQ_CALLS_PER_IP_PER_SECOND: "1" }, async (
  server,
) => {
  const client = await dial(server, "127.0.2.1");
  let answered = 0;
  const others = new Set<string>();
  for (let call = 0; call < 300; call++) {
    void outcome(client.as().call(delivery.health, {}, { timeoutMs: 60_000 })).then((answer) => {
      answered++;
      if (answer !== "ok" && answer !== "E005") others.add(answer);
    });
  }
  // 32 at once, 128 wait, and the others are refused. With two turns a second none waits for so long.
  for (let tries = 0; answered < 150 && tries < 200; tries++) await pause(100);
  assert.ok(answered >= 150 && answered < 230, `${answered} answers`);
  assert.deepEqual([...others], []);
  client.close();
});
