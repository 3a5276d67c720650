import assert from "node:assert/strict";
import { toHex } from "../schema/bytes.ts";
import { admissionMac, encodeClientAddress, gatewayHello } from "../schema/gateway_admission.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { noAuth } from "../schema/rpc/calls_and_returns.ts";
import { delivery, type Entry, EntryKind } from "../schema/rpc/methods.ts";
import { probeHealth } from "./health_probe.ts";
import { commitCall, makeChannel, outcome, publishTo, queueOf } from "./testing/delivery_service.ts";
import { connect, type Connection, pause, type ServerProcess, startProcess, withTempDir } from "./testing/quic.ts";
import { random, seedDevices, sha256, type TestDevice } from "./testing/seed.ts";
import { until } from "../schema/testing/until.ts";

interface Running {
  server: ServerProcess;
  dataDir: string;
  devices: TestDevice[];
  connection(alpn?: string): Promise<Connection>;
  metrics(): Promise<string>;
}

const gatewaySecret = "0123456789abcdef0123456789abcdef";

/** Runs a test against a server process with `count` enrolled devices. */
function quicTest(
  name: string,
  count: number,
  env: Record<string, string>,
  test: (running: Running) => Promise<void>,
): void {
  // After its end, a QUIC connection keeps its last operations pending for a moment.
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      withTempDir(async (dataDir) => {
        const devices = seedDevices(dataDir, count);
        const server = await startProcess(dataDir, { QPQ_METRICS_PORT: "0", QPQ_LOG: "debug", ...env });
        const open: Connection[] = [];
        const connection = async (alpn?: string) => {
          const opened = await connect(server.address, server.caPem, alpn);
          open.push(opened);
          return opened;
        };
        const metricsPort = () => server.log().match(/"metricsPort":(\d+)/)![1];
        const metrics = async () => await (await fetch(`http://127.0.0.1:${metricsPort()}/metrics`)).text();
        try {
          await test({ server, dataDir, devices, connection, metrics });
        } finally {
          for (const { close } of open) close();
          server.kill("SIGKILL");
          await server.status;
        }
      }),
  });
}

quicTest(
  "a device uses all of delivery over QUIC: channel, commit, publish, subscribe, ack, blob, health",
  3,
  {},
  async ({ connection, devices, metrics }) => {
    const [ann, bob, eve] = devices;
    const { as } = await connection();
    const channelId = await makeChannel(as, [ann, bob]);
    const live = as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: 0 });
    const next = async (): Promise<Entry[]> => (await live.next()).value!.entries;
    assert.deepEqual((await next()).map(({ kind }) => kind), [EntryKind.WELCOME]);
    assert.deepEqual(await next(), []);
    const { envelope, messageId } = await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await next()).map(({ seq, id, body }) => [seq, id, body]), [[2, messageId, envelope]]);
    const { params, body } = commitCall({
      channelId,
      epoch: 1,
      members: [ann, bob, eve],
      added: [eve],
      commit: random(60_000),
    });
    assert.equal((await as(ann).call(delivery.commit, params, {}, body)).n, 2);
    assert.deepEqual((await next()).map(({ kind, epoch }) => [kind, epoch]), [[EntryKind.COMMIT, 2]]);
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: 3 });
    assert.deepEqual(await queueOf(as(bob), bob), []);
    const blob = new Uint8Array(3_000_000).map((_, index) => index * 7);
    await as(eve).call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
    let length = 0;
    for await (const { bytes } of as(bob).stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 })) {
      length += bytes.length;
    }
    assert.equal(length, blob.length);
    const health = await as().call(delivery.health, {});
    assert.ok(Math.abs(health.serverTimeMs - Date.now()) < 5000);
    assert.deepEqual([health.wireVersion, health.draining, health.restoredMs, health.restoredToMs], [1, false, 0, 0]);
    const text = await metrics();
    assert.match(text, /qpq_calls_total\{method="publish",code="ok"\} 1/);
    assert.match(text, /qpq_subscriptions 1/);
    assert.match(text, /qpq_call_seconds_bucket\{le="\+Inf",method="commit"\} 2/);
  },
);

quicTest(
  "without a valid session every delivery call but health() is refused",
  1,
  {},
  async ({ connection, devices: [ann] }) => {
    const { as } = await connection();
    const call = (auth: typeof noAuth) => outcome(as({ auth }).call(delivery.channelState, { channelId: random(32) }));
    assert.equal(await call(noAuth), "E001");
    assert.equal(await call({ ...ann.auth, accessToken: random(32) }), "E001");
    assert.equal(await call({ ...ann.auth, deviceId: random(16) }), "E001");
    assert.equal(await call({ ...ann.auth, version: 2 }), "E004");
    assert.equal(await call(ann.auth), "E016");
  },
);

quicTest(
  "1,000 calls at once on one connection are all answered",
  2,
  {},
  async ({ connection, devices: [ann, bob] }) => {
    const { as } = await connection();
    const channelId = await makeChannel(as, [ann, bob]);
    const client = as(ann);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => outcome(publishTo(client, channelId, 1, random(200)))),
    );
    assert.deepEqual(new Set(answers), new Set(["ok"]));
    assert.equal((await queueOf(as(bob), bob)).length, 1001);
  },
);

quicTest(
  "a subscription ends with its connection, and after a reset at its next element",
  2,
  {},
  async ({ connection, devices: [ann, bob], metrics }) => {
    const one = await connection();
    const two = await connection();
    const channelId = await makeChannel(one.as, [bob, ann]);
    const streams = [
      one.as(ann).stream(delivery.subscribe, { recipientKey: ann.recipientKey, after: 0 }),
      two.as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: 0 }),
    ];
    // Both have the entry of the channel's first commit, and then an empty element as the end of the backlog.
    for (const stream of streams) {
      await stream.next();
      assert.deepEqual((await stream.next()).value!.entries, []);
    }
    const becomes = async (count: number) => {
      await until(async () => (await metrics()).includes(`qpq_subscriptions ${count}\n`));
    };
    await becomes(2);
    two.conn.close({ closeCode: 0, reason: "gone" });
    await becomes(1);
    await streams[0].return(undefined);
    for (let index = 0; index < 12; index++) {
      await publishTo(one.as(bob), channelId, 1);
      await pause(10);
    }
    await becomes(0);
  },
);

quicTest("the listener refuses every ALPN but capnp", 0, {}, async ({ connection }) => {
  for (const alpn of ["h3", "capnp/2", "hq-29"]) await assert.rejects(connection(alpn));
  assert.ok(await (await connection()).as().call(delivery.health, {}));
});

/** Plays the gateway's side of the admission. */
async function admission(
  { conn }: Connection,
  { hello = gatewayHello, mac }: { hello?: Uint8Array<ArrayBuffer>; mac(nonce: Uint8Array): Promise<Uint8Array> },
): Promise<number | undefined> {
  const stream = await conn.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await writer.write(hello);
  const { value: nonce } = await reader.read();
  if (!nonce) return undefined;
  assert.equal(nonce.length, 32);
  await writer.write(await mac(nonce) as Uint8Array<ArrayBuffer>);
  await writer.close();
  const { value } = await reader.read();
  return value?.[0];
}

const secretBytes = new TextEncoder().encode(gatewaySecret) as Uint8Array<ArrayBuffer>;

quicTest("an admitted gateway's streams begin with the client's address, and all of its streams must", 1, {
  QPQ_GATEWAY_SECRET: gatewaySecret,
}, async ({ connection, server, devices: [ann] }) => {
  const gateway = await connection();
  assert.equal(await admission(gateway, { mac: (nonce) => admissionMac(secretBytes, nonce, server.pin) }), 1);
  const through = (prefix: Uint8Array) =>
    new RpcClient(async () => {
      const stream = await gateway.conn.createBidirectionalStream();
      const writer = stream.writable.getWriter();
      await writer.write(prefix as Uint8Array<ArrayBuffer>);
      writer.releaseLock();
      return stream;
    }, () => ann.auth);
  const address = encodeClientAddress({ address: "203.0.113.9", port: 4711 });
  assert.equal((await through(address).call(delivery.health, {})).wireVersion, 1);
  assert.equal(await outcome(through(address).call(delivery.channelState, { channelId: random(32) })), "E016");
  assert.equal(await outcome(through(new Uint8Array()).call(delivery.health, {})), "E014");
  assert.equal(await outcome(through(new Uint8Array(20)).call(delivery.health, {})), "E014");
  assert.equal((await through(address).call(delivery.health, {})).wireVersion, 1, "the connection goes on");
});

quicTest("a wrong proof of a gateway closes its connection with nothing served, and is logged", 0, {
  QPQ_GATEWAY_SECRET: gatewaySecret,
}, async ({ connection, server }) => {
  const wrong = [
    (nonce: Uint8Array) => admissionMac(random(32), nonce, server.pin),
    (nonce: Uint8Array) => admissionMac(secretBytes, nonce, random(32)),
    () => admissionMac(secretBytes, random(32), server.pin),
    () => Promise.resolve(new Uint8Array(5)),
  ];
  for (const mac of wrong) {
    const gateway = await connection();
    const early = gateway.conn.closed;
    assert.equal(await admission(gateway, { mac }).catch(() => undefined), undefined);
    assert.deepEqual({ ...await early }, { closeCode: 1, reason: "not admitted" });
  }
  const other = await connection();
  assert.equal(
    await admission(other, { hello: Uint8Array.of(0x71, 0x70, 0x71, 0x67, 2), mac: () => Promise.resolve(random(32)) })
      .catch(() => undefined),
    undefined,
  );
  const refusals = () => server.log().match(/"connection refused"/g)?.length;
  await until(() => refusals() === 5);
  assert.equal(refusals(), 5);
  assert.ok(!server.log().includes(gatewaySecret) && !server.log().includes(toHex(secretBytes)));
});

quicTest(
  "no gateway is admitted without a secret, and no call is served before its admission",
  1,
  {},
  async ({ connection, server, devices: [ann] }) => {
    const gateway = await connection();
    const stream = await gateway.conn.createBidirectionalStream();
    await stream.writable.getWriter().write(gatewayHello.slice(0, 3));
    await pause(50);
    const client = gateway.as(ann).call(delivery.health, {}, { timeoutMs: 300 });
    await assert.rejects(client);
    const other = await connection();
    assert.equal(
      await admission(other, { mac: (nonce) => admissionMac(secretBytes, nonce, server.pin) }).catch(() => undefined),
      undefined,
    );
  },
);

quicTest(
  "SIGTERM answers new calls E040, finishes calls in flight, closes with a reason, exits 0",
  2,
  {},
  async ({ connection, server, devices: [ann, bob] }) => {
    const { as, conn } = await connection();
    const channelId = await makeChannel(as, [ann, bob]);
    const live = as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: 0 });
    assert.deepEqual(((await live.next()).value!.entries as Entry[]).map(({ kind }) => kind), [EntryKind.WELCOME]);
    assert.deepEqual((await live.next()).value!.entries, []);
    const { params, body } = commitCall({ channelId, epoch: 1, members: [ann, bob], commit: random(40_000) });
    // A commit that is half sent when the drain starts.
    const slow = outcome(new RpcClient(async () => {
      const stream = await conn.createBidirectionalStream();
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
        transform: async (piece, controller) => {
          controller.enqueue(piece);
          await pause(150);
        },
      });
      void readable.pipeTo(stream.writable).catch(() => {});
      return { readable: stream.readable, writable };
    }, () => ann.auth).call(delivery.commit, params, {}, body));
    await pause(100);
    server.kill("SIGTERM");
    assert.equal(await outcome(live.next()), "E040");
    assert.equal(await outcome(as(ann).call(delivery.channelState, { channelId })), "E040");
    assert.equal((await as().call(delivery.health, {})).draining, true);
    assert.equal(await slow, "ok");
    assert.deepEqual({ ...await conn.closed }, { closeCode: 0, reason: "server shutdown" });
    assert.equal((await server.status).code, 0);
  },
);

quicTest("probeHealth() tells a serving core from one that is gone", 0, {}, async ({ server, dataDir }) => {
  const config = { listen: server.address, dataDir };
  assert.equal(await probeHealth(config, 2000), true);
  server.kill("SIGKILL");
  await server.status;
  await assert.rejects(probeHealth(config, 300));
});

quicTest(
  "a core whose address is in use names the setting to change, and nothing else",
  0,
  {},
  async ({ server, dataDir }) => {
    const { hostname, port } = server.address;
    const taken = `${hostname}:${port}`;
    const started = startProcess(`${dataDir}/second`, { QPQ_LISTEN: taken });
    await assert.rejects(started, (error: Error) => {
      const [, said] = error.message.match(/^the server ended with 1: ([^]*)$/)!;
      const inUse = `${taken} is in use by another program: end that, or name another port`;
      assert.equal(said, `qpq-server: error: QPQ_LISTEN: ${inUse}\n`);
      return true;
    });
  },
);
