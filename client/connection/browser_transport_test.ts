import assert from "node:assert/strict";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, isWireError, TransportError, WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../../schema/rpc/server.ts";
import { streamPair } from "../testing/call_server.ts";
import { BrowserTransport } from "./browser_transport.ts";
import { HttpsConnection } from "./https_fallback.ts";
import type { WebTransportClass } from "./webtransport/webtransport.ts";
import { until } from "../../schema/testing/until.ts";

const hash = new Uint8Array(32).fill(5);
const health = {
  serverTimeMs: 1_800_000_000_000,
  wireVersion: 1,
  draining: false,
  build: "test",
  restoredMs: 0,
  restoredToMs: 0,
};

function handlers(aborted: () => void = () => {}) {
  return new Handlers<undefined>()
    .unary(delivery.health, () => Promise.resolve(health))
    .unary(delivery.ack, () => Promise.reject(new WireError(ErrorCode.queueFull, "full")))
    .unary(delivery.putBlob, async (_params, { chunks }) => {
      let expiresMs = 0;
      for await (const chunk of chunks()) expiresMs += chunk.length;
      return { expiresMs };
    })
    .stream(delivery.subscribe, async function* (_params, { signal }) {
      yield { entries: [] };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      aborted();
    });
}

const serve = (stream: ByteStream, aborted?: () => void) =>
  serveCall(stream, { handlers: handlers(aborted), authorize: () => undefined });

/** A gateway as the fallback sees it. */
function gateway(config: object = {}) {
  const seen = { configs: 0, calls: 0, aborted: 0, status: 200 };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    if (new URL(request.url).pathname === "/.well-known/quicproquo.json") {
      seen.configs++;
      return Response.json({
        webtransport: {
          url: "https://localhost:1/wt",
          certificateHashes: [{ algorithm: "sha-256", value: btoa(String.fromCharCode(...hash)) }],
        },
        rpc: "/rpc",
        wireVersion: 1,
        ...config,
      });
    }
    seen.calls++;
    if (seen.status !== 200) return new Response(null, { status: seen.status });
    const answer = new TransformStream<Uint8Array, Uint8Array>();
    void serve({ readable: request.body!, writable: answer.writable }, () => seen.aborted++);
    return new Response(answer.readable);
  });
  return { origin: `http://127.0.0.1:${server.addr.port}`, seen, stop: () => server.shutdown() };
}

/** A WebTransport session in memory. */
function webTransport(
  ready: Promise<void>,
): {
  implementation: WebTransportClass;
  sessions: { url: string; options?: WebTransportOptions; end(reason: string): void; closed: boolean }[];
} {
  const sessions: { url: string; options?: WebTransportOptions; end(reason: string): void; closed: boolean }[] = [];
  class FakeSession {
    readonly ready = ready;
    readonly closed: Promise<unknown>;
    constructor(url: string, options?: WebTransportOptions) {
      const session = { url, options, end: (_reason: string) => {}, closed: false };
      this.closed = new Promise((resolve) => session.end = (reason) => resolve({ closeCode: 0, reason }));
      sessions.push(session);
      this.close = () => {
        session.closed = true;
        session.end("");
      };
    }
    close: () => void;
    createBidirectionalStream() {
      const [caller, callee] = streamPair();
      void serve(callee);
      return Promise.resolve(caller);
    }
  }
  return { implementation: FakeSession as unknown as WebTransportClass, sessions };
}

const never = new AbortController().signal;
const subscription = { recipientKey: new Uint8Array(32), after: 0 };

Deno.test("BrowserTransport reads the configuration at each attempt, and uses its certificate hashes", async () => {
  const { origin, seen, stop } = gateway();
  const { implementation, sessions } = webTransport(Promise.resolve());
  const transport = new BrowserTransport(origin, { WebTransport: implementation });
  const connection = await transport.connect(never);
  assert.equal(connection.transport, "WebTransport");
  assert.deepEqual(await new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {}), health);
  assert.deepEqual(sessions[0].options?.serverCertificateHashes, [{ algorithm: "sha-256", value: hash }]);
  sessions[0].end("going away");
  assert.deepEqual(await connection.closed, { reason: "going away" });
  await assert.rejects(connection.openStream(), TransportError);
  (await transport.connect(never)).close();
  assert.equal(seen.configs, 2);
  assert.ok(sessions[1].closed);
  await stop();
});

Deno.test("BrowserTransport takes HTTPS when WebTransport is missing, refused or not offered", async () => {
  const { origin, stop } = gateway();
  const refusal = Promise.reject(new Error("refused"));
  refusal.catch(() => {});
  const refused = webTransport(refusal);
  for (const WebTransport of [undefined, refused.implementation]) {
    const connection = await new BrowserTransport(origin, { WebTransport }).connect(never);
    assert.equal(connection.transport, "HTTPS");
    assert.deepEqual(await new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {}), health);
    connection.close();
  }
  await stop();
  const bare = gateway({ webtransport: undefined });
  const connection = await new BrowserTransport(bare.origin, { WebTransport: refused.implementation }).connect(never);
  assert.equal(connection.transport, "HTTPS");
  connection.close();
  await bare.stop();
});

Deno.test("BrowserTransport rejects with TransportError without an answer, for another version, at abort", async () => {
  await assert.rejects(new BrowserTransport("http://127.0.0.1:1", {}).connect(never), TransportError);
  const { origin, stop } = gateway({ wireVersion: 2 });
  await assert.rejects(new BrowserTransport(origin, {}).connect(never), TransportError);
  await stop();
  const other = gateway();
  const aborter = new AbortController();
  const connecting = new BrowserTransport(other.origin, {
    WebTransport: webTransport(new Promise(() => {})).implementation,
  }).connect(aborter.signal);
  setTimeout(() => aborter.abort(), 20);
  await assert.rejects(connecting, TransportError);
  await other.stop();
});

Deno.test("BrowserTransport rejects malformed certificate hashes, and accepts a gateway without hashes", async () => {
  const { implementation, sessions } = webTransport(Promise.resolve());
  for (
    const certificateHashes of [
      "x",
      [{ algorithm: "sha-256", value: "*" }],
      [{ algorithm: "sha-256", value: btoa("short") }],
      [{ algorithm: "sha-1", value: btoa("x".repeat(32)) }],
      [null],
    ]
  ) {
    const { origin, stop } = gateway({ webtransport: { url: "https://localhost:1/wt", certificateHashes } });
    await assert.rejects(new BrowserTransport(origin, { WebTransport: implementation }).connect(never), TransportError);
    await stop();
  }
  const { origin, stop } = gateway({ webtransport: { url: "https://localhost:1/wt" } });
  (await new BrowserTransport(origin, { WebTransport: implementation }).connect(never)).close();
  assert.equal(sessions[0].options?.serverCertificateHashes, undefined);
  await stop();
});

Deno.test("HttpsConnection carries errors, streamed bodies and long answers, and aborts requests", async () => {
  const { origin, seen, stop } = gateway();
  const connection = await new BrowserTransport(origin, {}).connect(never);
  const rpc = new RpcClient((signal) => connection.openStream(signal));
  const error = await rpc.call(delivery.ack, { recipientKey: new Uint8Array(32), upTo: 1 }).catch((error) => error);
  assert.ok(isWireError(error, ErrorCode.queueFull));
  assert.deepEqual(
    await rpc.call(delivery.putBlob, { sha256: new Uint8Array(32), length: 150_000 }, {}, new Uint8Array(150_000)),
    { expiresMs: 150_000 },
  );
  const aborter = new AbortController();
  for await (const { entries } of rpc.stream(delivery.subscribe, subscription, { signal: aborter.signal })) {
    assert.deepEqual(entries, []);
    break;
  }
  await until(() => seen.aborted > 0);
  assert.equal(seen.aborted, 1);
  connection.close();
  await stop();
});

Deno.test("HttpsConnection ends when the network or the core is gone, not when a call is refused", async () => {
  const { origin, seen, stop } = gateway();
  const connection = await new BrowserTransport(origin, {}).connect(never);
  const rpc = new RpcClient((signal) => connection.openStream(signal));
  seen.status = 429;
  assert.ok(isWireError(await rpc.call(delivery.health, {}).catch((error) => error), ErrorCode.rateLimited));
  seen.status = 413;
  assert.ok(isWireError(await rpc.call(delivery.health, {}).catch((error) => error), ErrorCode.payloadTooLarge));
  seen.status = 404;
  await assert.rejects(rpc.call(delivery.health, {}), TransportError);
  seen.status = 200;
  assert.deepEqual(await rpc.call(delivery.health, {}), health);
  seen.status = 502;
  await assert.rejects(rpc.call(delivery.health, {}), TransportError);
  assert.deepEqual(await connection.closed, { reason: "HTTP 502" });
  await assert.rejects(connection.openStream(), TransportError);
  seen.status = 200;
  const second = await new BrowserTransport(origin, {}).connect(never);
  await stop();
  await assert.rejects(new RpcClient((signal) => second.openStream(signal)).call(delivery.health, {}), TransportError);
  assert.deepEqual(await second.closed, { reason: "the network is gone" });
});

Deno.test("HttpsConnection ends calls in flight when it is closed", async () => {
  const { origin, stop } = gateway();
  const connection = await new BrowserTransport(origin, {}).connect(never);
  const listening = (async () => {
    for await (
      const _ of new RpcClient((signal) => connection.openStream(signal)).stream(delivery.subscribe, subscription)
    ) connection.close();
  })();
  await assert.rejects(listening, TransportError);
  await stop();
});

Deno.test("HttpsConnection that is closed while a call is being written leaves no rejection behind", async () => {
  const { origin, stop } = gateway();
  const connection = await new BrowserTransport(origin, {}).connect(never);
  const { writable, readable } = await connection.openStream();
  const reading = assert.rejects(readable.getReader().read());
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(3));
  connection.close();
  await writer.close();
  await reading;
  await stop();
});

Deno.test("HttpsConnection streams large bodies where it can, and sends them whole after a failure", async () => {
  const bodies: boolean[] = [];
  let refusesStreams = false;
  const { origin, stop } = gateway();
  const fetcher: typeof fetch = (input, init) => {
    bodies.push(init?.body instanceof ReadableStream);
    return refusesStreams && bodies.at(-1) ? Promise.reject(new TypeError("HTTP/2 is needed")) : fetch(input, init);
  };
  const connection = new HttpsConnection(new URL("/rpc", origin), fetcher, true);
  const rpc = new RpcClient((signal) => connection.openStream(signal));
  const putBlob = () =>
    rpc.call(delivery.putBlob, { sha256: new Uint8Array(32), length: 300_000 }, {}, new Uint8Array(300_000));
  assert.deepEqual(await rpc.call(delivery.health, {}), health);
  assert.deepEqual(await putBlob(), { expiresMs: 300_000 });
  refusesStreams = true;
  await assert.rejects(putBlob(), TransportError);
  assert.deepEqual(await putBlob(), { expiresMs: 300_000 });
  assert.deepEqual(bodies, [false, true, true, false]);
  connection.close();
  await stop();
});

Deno.test("PEOPLE B0: an HTTPS connection works after 200 refusals of the core and 200 of the gateway", async () => {
  const { origin, seen, stop } = gateway();
  const connection = new HttpsConnection(new URL("/rpc", origin));
  const rpc = new RpcClient((signal) => connection.openStream(signal));
  for (let turn = 0; turn < 20; turn++) {
    // The core refuses what its queue has no room for, the gateway what is over its limits.
    seen.status = turn % 2 === 0 ? 200 : 429;
    const code = turn % 2 === 0 ? ErrorCode.queueFull : ErrorCode.rateLimited;
    const calls = Array.from({ length: 20 }, () => rpc.call(delivery.ack, { recipientKey: hash, upTo: 1 }));
    for (const { status, reason } of await Promise.allSettled(calls) as PromiseRejectedResult[]) {
      assert.ok(status === "rejected" && isWireError(reason, code), String(reason));
    }
  }
  seen.status = 200;
  assert.deepEqual(await rpc.call(delivery.health, {}), health);
  connection.close();
  await stop();
});
