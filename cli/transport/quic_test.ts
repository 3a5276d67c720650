import assert from "node:assert/strict";
import { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, isWireError, TransportError, WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../../schema/rpc/server.ts";
import { UdpRelay } from "../../client/testing/udp_relay.ts";
import { QuicTransport, silenceMs } from "./quic.ts";

const health = { serverTimeMs: 1, wireVersion: 1, draining: false, build: "test", restoredMs: 0, restoredToMs: 0 };
const never = new AbortController().signal;

/** A self-made certificate for localhost, made by the system's openssl. */
async function certificate() {
  const folder = await Deno.makeTempDir();
  const made = await new Deno.Command("openssl", {
    args: [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "10",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-addext",
      "basicConstraints=critical,CA:FALSE",
      "-keyout",
      `${folder}/key.pem`,
      "-out",
      `${folder}/cert.pem`,
    ],
    stderr: "null",
  }).output();
  assert.ok(made.success);
  const [cert, key] = await Promise.all(["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${folder}/${name}`)));
  await Deno.remove(folder, { recursive: true });
  const der = Uint8Array.from(atob(cert.replace(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
  return { cert, key, pin: new Uint8Array(await crypto.subtle.digest("SHA-256", der)) };
}

async function core() {
  const { cert, key, pin } = await certificate();
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({ cert, key, alpnProtocols: ["capnp"], maxConcurrentBidirectionalStreams: 1000 });
  const handlers = new Handlers<undefined>()
    .unary(delivery.health, () => Promise.resolve(health))
    .unary(delivery.ack, () => Promise.reject(new WireError(ErrorCode.internal, "the disk is full")))
    .unary(delivery.putBlob, () => Promise.reject(new WireError(ErrorCode.queueFull, "full", 1000)))
    .stream(delivery.subscribe, async function* ({ after }, { signal }) {
      yield { entries: [] };
      if (after === 0) throw new WireError(ErrorCode.draining, "going away");
      while (after === 2 && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield { entries: [] };
      }
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
  const serve = async (conn: Deno.QuicConn) => {
    for await (const stream of conn.incomingBidirectionalStreams) {
      void serveCall(stream, {
        handlers,
        authorize: () => undefined,
      });
    }
  };
  void (async () => {
    while (true) Promise.resolve((await listener.incoming()).accept()).then(serve).catch(() => {});
  })().catch(() => {});
  return { target: { hostname: "127.0.0.1", port: endpoint.addr.port, serverName: "localhost" }, cert, pin, endpoint };
}

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "QuicTransport connects by pin or by certificate, and makes 300 calls at once",
  options,
  async () => {
    const { target, cert, pin, endpoint } = await core();
    for (const trust of [{ pin }, { caCerts: [cert] }]) {
      const connection = await new QuicTransport({ ...target, trust }).connect(never);
      const rpc = new RpcClient((signal) => connection.openStream(signal));
      const answers = await Promise.all(Array.from({ length: 300 }, () => rpc.call(delivery.health, {})));
      assert.deepEqual(answers.at(-1), health);
      connection.close();
      await connection.closed;
      await assert.rejects(connection.openStream(), TransportError);
    }
    endpoint.close({ closeCode: 0, reason: "" });
  },
);

Deno.test("QuicTransport refuses a core with another pin, and reports why a core has closed", options, async () => {
  const { target, pin, endpoint } = await core();
  await assert.rejects(
    new QuicTransport({ ...target, trust: { pin: pin.map((byte) => byte ^ 1) } }).connect(never),
    TransportError,
  );
  const connection = await new QuicTransport({ ...target, trust: { pin } }).connect(never);
  await new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {});
  endpoint.close({ closeCode: 0, reason: "server shutdown" });
  assert.match((await connection.closed).reason, /server shutdown/);
});

Deno.test("QuicTransport gives up when its signal aborts", options, async () => {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const target = {
    hostname: "127.0.0.1",
    port: (silent.addr as Deno.NetAddr).port,
    serverName: "localhost",
    trust: { pin: new Uint8Array(32) },
  };
  await assert.rejects(new QuicTransport(target).connect(AbortSignal.timeout(50)), TransportError);
  silent.close();
});

Deno.test(
  "PEOPLE B0: a QUIC connection works after 400 error answers, refused bodies and subscriptions that ended",
  options,
  async () => {
    const { target, pin, endpoint } = await core();
    const connection = await new QuicTransport({ ...target, trust: { pin } }).connect(never);
    const rpc = new RpcClient((signal) => connection.openStream(signal));
    const recipientKey = new Uint8Array(32);
    const blob = new Uint8Array(100_000);
    const wrong: unknown[] = [];
    const expect = async (code: ErrorCode, call: Promise<unknown>) => {
      const error = await call.catch((error) => error);
      if (!isWireError(error, code)) wrong.push(error);
    };
    const listening = async (after: number) => {
      for await (const _ of rpc.stream(delivery.subscribe, { recipientKey, after })) if (after > 0) break;
    };
    for (let turn = 0; turn < 40; turn++) {
      await Promise.all([
        ...Array.from(
          { length: 10 },
          () => expect(ErrorCode.internal, rpc.call(delivery.ack, { recipientKey, upTo: 1 })),
        ),
        ...Array.from({ length: 3 }, () =>
          expect(
            ErrorCode.queueFull,
            rpc.call(delivery.putBlob, { sha256: recipientKey, length: blob.length }, {}, blob),
          )),
        expect(ErrorCode.draining, listening(0)),
        ...Array.from({ length: 3 }, () => listening(1)),
      ]);
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(await rpc.call(delivery.health, {}), health);
    connection.close();
    endpoint.close({ closeCode: 0, reason: "" });
  },
);

Deno.test(
  "PEOPLE B0: a QUIC client that only listens hears the core again after its address changed",
  options,
  async () => {
    const { target, pin, endpoint } = await core();
    const relay = await UdpRelay.open(target.port);
    const listener = new QuicTransport({ ...target, port: relay.port, trust: { pin } }, { patienceMs: silenceMs });
    const connection = await listener.connect(never);
    const rpc = new RpcClient((signal) => connection.openStream(signal));
    let heard = 0;
    const listening = (async () => {
      for await (const _ of rpc.stream(delivery.subscribe, { recipientKey: new Uint8Array(32), after: 2 })) heard++;
    })();
    listening.catch(() => {});
    const until = async (wanted: number) => {
      while (heard < wanted) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(10);
    // While nothing is under way: no late acknowledgement of the client's may tell the new address.
    relay.isDark = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
    relay.rebind();
    relay.isDark = false;
    const before = heard;
    await until(before + 10);
    // It sends three times in that time; the core would wait ten times as long.
    assert.ok(silenceMs <= 4_000);
    connection.close();
    relay.close();
    endpoint.close({ closeCode: 0, reason: "" });
  },
);
