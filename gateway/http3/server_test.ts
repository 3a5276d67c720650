/** The server over real QUIC, with a client that can misbehave. */
import assert from "node:assert/strict";
import { makeKeyPair } from "../testing/stub_core.ts";
import { until } from "../testing/until.ts";
import {
  type ClientSession,
  concat,
  connectHttp3,
  openSession,
  openUni,
  readAll,
  request,
  sendSettings,
  webTransportFields,
  writeAll,
} from "../testing/http3_client.ts";
import { h3Code } from "./error_codes.ts";
import { encodeFrame, frameType } from "./frames.ts";
import { encodeFieldSection } from "./qpack.ts";
import { encodeSettings } from "./settings.ts";
import {
  serveWebTransport,
  type SessionCloseInfo,
  type WebTransportServer,
  type WebTransportServerOptions,
  type WebTransportSession,
  type WebTransportStream,
} from "./server.ts";
import { encodeVarint } from "./varint.ts";

const keyPair = await makeKeyPair();
const origin = "https://page.example";

interface Fixture extends AsyncDisposable {
  server: WebTransportServer;
  port: number;
  sessions: WebTransportSession[];
  streams: WebTransportStream[];
  closes: SessionCloseInfo[];
  options: { port: number; certificate: string; origin: string };
}

function start(
  overrides: Partial<WebTransportServerOptions> = {},
  onStream: (stream: WebTransportStream) => void = (stream) =>
    void stream.readable.pipeTo(stream.writable).catch(() => {}),
): Fixture {
  const fixture = {
    sessions: [] as WebTransportSession[],
    streams: [] as WebTransportStream[],
    closes: [] as SessionCloseInfo[],
  };
  const server = serveWebTransport({
    hostname: "127.0.0.1",
    port: 0,
    certificate: keyPair.certificate,
    privateKey: keyPair.privateKey,
    authorize: (asked) => ({
      status: asked.origin !== origin ? 403 : asked.path === "/wt" ? 200 : asked.path === "/full" ? 429 : 404,
    }),
    onSession(session) {
      fixture.sessions.push(session);
      session.closed.then((info) => fixture.closes.push(info));
      return (stream) => {
        fixture.streams.push(stream);
        onStream(stream);
      };
    },
    ...overrides,
  });
  return {
    ...fixture,
    server,
    port: server.port,
    options: { port: server.port, certificate: keyPair.certificate, origin },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** What the connection's end says. */
async function closeCode(conn: Deno.QuicConn): Promise<number> {
  return Number((await conn.closed).closeCode);
}

function quicTest(name: string, fn: () => Promise<void>): void {
  // Deno's QUIC keeps operations of closed connections for a moment.
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

quicTest(
  "serveWebTransport() answers a wrong origin 403, a wrong path 404, too many 429, another method 404",
  async () => {
    await using fixture = start();
    const statusOf = async (fields: [string, string][]) => {
      const conn = await connectHttp3(fixture.options);
      await sendSettings(conn);
      const { status, nextData } = await request(conn, fields);
      assert.equal(await nextData(), undefined, "FIN follows the refusal");
      conn.close();
      return status;
    };
    const fields = (path: string, from?: string) => webTransportFields(path, from) as [string, string][];
    assert.equal(await statusOf(fields("/wt", "https://elsewhere.example")), 403);
    assert.equal(await statusOf(fields("/wt")), 403);
    assert.equal(await statusOf(fields("/elsewhere", origin)), 404);
    assert.equal(await statusOf(fields("/full", origin)), 429);
    assert.equal(
      await statusOf([[":method", "GET"], [":scheme", "https"], [":authority", "a"], [":path", "/wt"]]),
      404,
    );
    assert.equal(fixture.sessions.length, 0);
  },
);

quicTest("serveWebTransport() echoes on many streams, large bodies and half-close included", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  assert.equal(session.status, 200);
  assert.equal(fixture.sessions[0].remoteAddr.hostname, "127.0.0.1");
  await Promise.all(Array.from({ length: 30 }, async (_, index) => {
    const bytes = new Uint8Array(index * 20_000).fill(index);
    const stream = await session.openStream();
    const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, bytes)]);
    assert.deepEqual(echoed, bytes);
  }));
  session.conn.close();
});

quicTest("a session ends with the peer's code and reason, and its FIN is answered", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  await session.close(7, "enough");
  assert.equal(await session.nextData(), undefined);
  await until(() => fixture.closes.length === 1);
  assert.deepEqual(fixture.closes[0], { code: 7, reason: "enough" });
  assert.equal(await closeCode(session.conn), h3Code.noError);
});

quicTest("a bare FIN on the CONNECT stream ends the session with code 0", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  await session.writer.close();
  await until(() => fixture.closes.length === 1);
  assert.deepEqual(fixture.closes[0], { code: 0, reason: "" });
});

quicTest("a lost connection ends the session", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  session.conn.close({ closeCode: 0x100, reason: "tab closed" });
  await until(() => fixture.closes.length === 1 && fixture.server.connections === 0);
});

quicTest("session.close() sends the capsule with code and reason, then FIN, then ends the connection", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  await fixture.sessions[0].close(0xdead, "draining");
  const capsule = await session.nextData();
  assert.deepEqual(
    capsule,
    concat(
      encodeVarint(0x2843),
      encodeVarint(12),
      Uint8Array.of(0, 0, 0xde, 0xad),
      new TextEncoder().encode("draining"),
    ),
  );
  assert.equal(await session.nextData(), undefined);
  assert.equal(await closeCode(session.conn), h3Code.noError);
});

quicTest("server.close() says goodbye to every session", async () => {
  await using fixture = start();
  const sessions = await Promise.all([openSession(fixture.options), openSession(fixture.options)]);
  const goodbyes = Promise.all(sessions.map((session) => session.nextData()));
  await fixture.server.close(3, "update");
  for (const goodbye of await goodbyes) assert.equal(new TextDecoder().decode(goodbye?.subarray(-6)), "update");
});

quicTest("a stream that comes before its session's CONNECT is kept for it", async () => {
  await using fixture = start();
  const conn = await connectHttp3(fixture.options);
  await sendSettings(conn);
  // Stream 0 is opened first, so that the session id is 0, but speaks last.
  const connectStream = await conn.createBidirectionalStream();
  const early = await conn.createBidirectionalStream();
  const body = new TextEncoder().encode("early");
  const echoed = readAll(early.readable);
  await writeAll(early.writable, concat(encodeVarint(0x41), encodeVarint(0), body));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const writer = connectStream.writable.getWriter();
  await writer.write(encodeFrame(frameType.headers, encodeFieldSection(webTransportFields("/wt", origin))));
  assert.deepEqual(await echoed, body);
  conn.close();
});

quicTest("a stream of another session is reset", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  const stream = await session.conn.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  await writer.write(concat(encodeVarint(0x41), encodeVarint(400)));
  assert.equal((await readAll(stream.readable)).length, 0);
  assert.equal(fixture.streams.length, 0);
  session.conn.close();
});

quicTest("a reset by the peer reaches the stream's handler, and cancelling reaches the peer", async () => {
  const outcomes: string[] = [];
  await using fixture = start({}, async ({ readable, writable }) => {
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel();
    outcomes.push(await writable.getWriter().write(new Uint8Array(100_000)).then(() => "written", () => "stopped"));
  });
  const session = await openSession(fixture.options);
  const stream = await session.openStream();
  const writer = stream.writable.getWriter();
  await writer.write(new Uint8Array(10));
  const stopped = (async () => {
    while (true) {
      await writer.write(new Uint8Array(1000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await assert.rejects(stopped, /stopped by peer/);
  await until(() => outcomes.length === 1);
  session.conn.close();
});

for (
  const [what, bytes, code] of [
    ["a control stream that begins with garbage", Uint8Array.of(0x00, 0x3b, 0xff, 0xff), h3Code.missingSettings],
    ["SETTINGS of HTTP/2", concat(encodeVarint(0), encodeFrame(4, Uint8Array.of(3, 0))), h3Code.settingsError],
    [
      "DATA on the control stream",
      concat(encodeVarint(0), encodeFrame(4, encodeSettings()), encodeFrame(0, new Uint8Array(9))),
      h3Code.frameUnexpected,
    ],
    ["an insertion into the dynamic table", Uint8Array.of(0x02, 0xc0, 0x01, 0x61), h3Code.qpackEncoderStreamError],
    ["an acknowledgement of nothing", Uint8Array.of(0x03, 0x84), h3Code.qpackDecoderStreamError],
    ["a push stream", Uint8Array.of(0x01, 0x00), h3Code.streamCreationError],
  ] as [string, Uint8Array, number][]
) {
  quicTest(`${what} closes that connection with 0x${code.toString(16)} and no other`, async () => {
    await using fixture = start();
    const bystander = await openSession(fixture.options);
    const conn = await connectHttp3(fixture.options);
    await openUni(conn, bytes);
    assert.equal(await closeCode(conn), code);
    const stream = await bystander.openStream();
    const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(1, 2, 3))]);
    assert.equal(echoed.length, 3);
    bystander.conn.close();
  });
}

quicTest("two control streams, or one that ends, close the connection", async () => {
  await using fixture = start();
  const twice = await connectHttp3(fixture.options);
  await sendSettings(twice);
  await sendSettings(twice);
  assert.equal(await closeCode(twice), h3Code.streamCreationError);
  const ended = await connectHttp3(fixture.options);
  const writer = await openUni(ended, concat(encodeVarint(0), encodeFrame(frameType.settings, encodeSettings())));
  await writer.close();
  assert.equal(await closeCode(ended), h3Code.closedCriticalStream);
});

for (
  const [what, bytes, code] of [
    [
      "a field section that needs the dynamic table",
      encodeFrame(1, Uint8Array.of(0x03, 0x81, 0x10, 0x11)),
      h3Code.qpackDecompressionFailed,
    ],
    ["HEADERS that claim 1 GB", concat(encodeVarint(1), encodeVarint(2 ** 30)), h3Code.excessiveLoad],
    ["DATA before HEADERS", encodeFrame(0, new Uint8Array(5)), h3Code.frameUnexpected],
    ["a request without fields", encodeFrame(1, Uint8Array.of(0, 0)), h3Code.messageError],
    ["a session id that is no request's", concat(encodeVarint(0x41), encodeVarint(3)), h3Code.idError],
  ] as [string, Uint8Array, number][]
) {
  quicTest(`${what} on a request stream closes the connection with 0x${code.toString(16)}`, async () => {
    await using fixture = start();
    const conn = await connectHttp3(fixture.options);
    await sendSettings(conn);
    const stream = await conn.createBidirectionalStream();
    await stream.writable.getWriter().write(bytes);
    assert.equal(await closeCode(conn), code);
  });
}

quicTest("garbage on the CONNECT stream closes the connection and ends the session", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  await session.writer.write(encodeFrame(frameType.headers, Uint8Array.of(0, 0)));
  assert.equal(await closeCode(session.conn), h3Code.frameUnexpected);
  await until(() => fixture.closes.length === 1);
});

quicTest("a second CONNECT on a connection is answered 429 and the session lives on", async () => {
  await using fixture = start();
  const session = await openSession(fixture.options);
  const second = await request(session.conn, webTransportFields("/wt", origin));
  assert.equal(second.status, 429);
  assert.equal(fixture.closes.length, 0);
  session.conn.close();
});

quicTest("a connection that sends no CONNECT is closed after connectTimeoutMs", async () => {
  await using fixture = start({ connectTimeoutMs: 150 });
  const silent = await connectHttp3(fixture.options);
  const half = await connectHttp3(fixture.options);
  await sendSettings(half);
  assert.equal(await closeCode(silent), h3Code.noError);
  assert.equal(await closeCode(half), h3Code.noError);
  await until(() => fixture.server.connections === 0);
});

quicTest("a few streams may wait for their header for ever, many close the connection", async () => {
  await using fixture = start({ connectTimeoutMs: 150 });
  const session: ClientSession = await openSession(fixture.options);
  const writers: WritableStreamDefaultWriter<Uint8Array>[] = [];
  const openHeaderless = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const writer = (await session.conn.createBidirectionalStream()).writable.getWriter();
      writer.closed.catch(() => {});
      writers.push(writer);
      await writer.write(Uint8Array.of(0x40));
    }
  };
  await openHeaderless(64);
  // Of a type that QUIC opens with a higher stream and the peer does not use.
  await openUni(session.conn, new Uint8Array(0));
  await openUni(session.conn, encodeVarint(0x21));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const stream = await session.openStream();
  const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(9))]);
  assert.equal(echoed[0], 9);
  await openHeaderless(1);
  assert.equal(await closeCode(session.conn), h3Code.excessiveLoad);
  assert.equal(writers.length, 65);
});

quicTest("connections above maxConnections are refused", async () => {
  await using fixture = start({ maxConnections: 1 });
  const session = await openSession(fixture.options);
  await assert.rejects(connectHttp3(fixture.options), /refused/);
  session.conn.close();
  await until(() => fixture.server.connections === 0);
  (await openSession(fixture.options)).conn.close();
});

quicTest("replaceCertificate() serves new connections with the new certificate and keeps old sessions", async () => {
  await using fixture = start();
  const old = await openSession(fixture.options);
  const renewed = await makeKeyPair();
  fixture.server.replaceCertificate(renewed.certificate, renewed.privateKey);
  const fresh = await openSession({ ...fixture.options, certificate: renewed.certificate });
  await assert.rejects(connectHttp3(fixture.options), /certificate/);
  assert.throws(() => fixture.server.replaceCertificate(renewed.certificate, keyPair.privateKey));
  const another = await openSession({ ...fixture.options, certificate: renewed.certificate });
  for (const session of [old, fresh, another]) {
    const stream = await session.openStream();
    const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(9))]);
    assert.equal(echoed[0], 9);
    session.conn.close();
  }
});
