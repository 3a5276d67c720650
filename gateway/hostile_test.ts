/** Hostile peers: the gateway keeps serving others, and its memory stays bounded. */
import assert from "node:assert/strict";
import { serveWebTransport } from "./http3/server.ts";
import { connectHttp3, openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { heldMiB } from "./testing/memory.ts";
import { makeKeyPair } from "./testing/stub_core.ts";
import { startTestGateway } from "./testing/test_gateway.ts";
import { until } from "../schema/testing/until.ts";

/** A seeded source of bytes (mulberry32), so that a failure is reproducible. */
function seededBytes(seed: number): (length: number) => Uint8Array<ArrayBuffer> {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) & 0xff;
  };
  return (length) => Uint8Array.from({ length }, next);
}

Deno.test({
  name: "random datagrams and garbage on every kind of stream neither stop the gateway nor make it grow",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using test = await startTestGateway();
    await test.gateway.whenCoreReady();
    const [{ certificate }] = JSON.parse(
      await Deno.readTextFile(`${test.config.dataDir}/webtransport-certificates.json`),
    );
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    const target = { port: test.gateway.webTransportPort, certificate, endpoint };
    const bystander = await openSession({ ...target, origin: test.origin });
    const random = seededBytes(7);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });

    const attack = async (connections: number) => {
      for (let index = 0; index < 300; index++) {
        const datagram = random(1 + index % 1_300);
        // Every second datagram has a long header of QUIC version 1.
        if (index % 2) datagram.set([0xc0 | (datagram[0] & 0x3f), 0, 0, 0, 1].slice(0, datagram.length));
        await socket.send(datagram, { transport: "udp", hostname: "127.0.0.1", port: target.port });
      }
      for (let index = 0; index < connections; index++) {
        const conn = await connectHttp3(target);
        const held: unknown[] = [];
        for (let count = 0; count < 4; count++) {
          const uni = (await conn.createUnidirectionalStream().catch(() => undefined))?.getWriter();
          const bidi = (await conn.createBidirectionalStream().catch(() => undefined))?.writable.getWriter();
          held.push(uni, bidi);
          uni?.write(random(1 + 37 * count)).catch(() => {});
          bidi?.write(random(1 + 97 * count)).catch(() => {});
          uni?.closed.catch(() => {});
          bidi?.closed.catch(() => {});
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
        conn.close();
        assert.equal(held.length, 8);
      }
    };
    // A leak grows equally with every round. Memory that the engine and QUIC keep for reuse stops growing.
    const grownMb: number[] = [];
    do {
      const before = heldMiB();
      await attack(60);
      grownMb.push(Math.round(heldMiB() - before));
    } while (grownMb.at(-1)! > 10 && grownMb.length < 10);
    assert.ok(grownMb.at(-1)! <= 10, `grew by ${grownMb} MB in rounds of 60 connections`);

    const stream = await bystander.openStream();
    const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, new Uint8Array(1_000))]);
    assert.equal(echoed.length, 1_000);
    await until(() => test.gateway.metrics.get("qpq_gateway_sessions") === 1);
    socket.close();
    endpoint.close();
  },
});

Deno.test({
  name: "half-open handshakes are bounded: those above the cap are refused and cost nothing",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const keyPair = await makeKeyPair();
    let refused = 0;
    const server = serveWebTransport({
      hostname: "127.0.0.1",
      port: 0,
      certificate: keyPair.certificate,
      privateKey: keyPair.privateKey,
      maxPendingHandshakes: 20,
      authorize: () => ({ status: 404 }),
      onSession: () => () => {},
      onEvent: (event) => void (refused += event === "refused" ? 1 : 0),
    });
    // A relay that passes first packets to the server and no answers back. For the server, each client falls
    // silent in the middle of its handshake.
    const relay = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const out = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    (async () => {
      for await (const [datagram] of relay) {
        await out.send(datagram, { transport: "udp", hostname: "127.0.0.1", port: server.port });
      }
    })().catch(() => {});
    const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
    for (let index = 0; index < 60; index++) {
      const options = {
        endpoint,
        hostname: "127.0.0.1",
        port: (relay.addr as Deno.NetAddr).port,
        serverName: "localhost",
        caCerts: [keyPair.certificate],
        alpnProtocols: ["h3"],
      };
      Deno.connectQuic<false>(options).catch(() => {});
    }
    await until(() => refused >= 40);
    assert.equal(server.pendingHandshakes, 20);
    endpoint.close();
    relay.close();
    out.close();
    await server.close();
  },
});
