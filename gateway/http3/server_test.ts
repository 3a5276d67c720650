/** The server over real QUIC: sessions, streams, their ends, limits and certificates. */
import assert from "node:assert/strict";
import { makeKeyPair } from "../testing/stub_core.ts";
import { until } from "../../schema/testing/until.ts";
import {
  concat,
  connectHttp3,
  openSession,
  readAll,
  request,
  sendSettings,
  webTransportFields,
  writeAll,
} from "../testing/http3_client.ts";
import { h3Code } from "./error_codes.ts";
import { encodeFrame, frameType } from "./frames.ts";
import { encodeFieldSection } from "./qpack.ts";
import { encodeVarint } from "./varint.ts";
import { closeCode, keyPair, origin, quicTest, startServer } from "../testing/http3_server.ts";

quicTest(
  "serveWebTransport() answers a wrong origin 403, a wrong path 404, too many 429, another method 404",
  async () => {
    await using fixture = startServer();
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
  await using fixture = startServer();
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
  await using fixture = startServer();
  const session = await openSession(fixture.options);
  await session.close(7, "enough");
  assert.equal(await session.nextData(), undefined);
  await until(() => fixture.closes.length === 1);
  assert.deepEqual(fixture.closes[0], { code: 7, reason: "enough" });
  assert.equal(await closeCode(session.conn), h3Code.noError);
});

quicTest("a bare FIN on the CONNECT stream ends the session with code 0", async () => {
  await using fixture = startServer();
  const session = await openSession(fixture.options);
  await session.writer.close();
  await until(() => fixture.closes.length === 1);
  assert.deepEqual(fixture.closes[0], { code: 0, reason: "" });
});

quicTest("a lost connection ends the session", async () => {
  await using fixture = startServer();
  const session = await openSession(fixture.options);
  session.conn.close({ closeCode: 0x100, reason: "tab closed" });
  await until(() => fixture.closes.length === 1 && fixture.server.connections === 0);
});

quicTest("session.close() sends the capsule with code and reason, then FIN, then ends the connection", async () => {
  await using fixture = startServer();
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
  await using fixture = startServer();
  const sessions = await Promise.all([openSession(fixture.options), openSession(fixture.options)]);
  const goodbyes = Promise.all(sessions.map((session) => session.nextData()));
  await fixture.server.close(3, "update");
  for (const goodbye of await goodbyes) assert.equal(new TextDecoder().decode(goodbye?.subarray(-6)), "update");
});

quicTest("a stream that comes before its session's CONNECT is kept for it", async () => {
  await using fixture = startServer();
  const conn = await connectHttp3(fixture.options);
  await sendSettings(conn);
  // Stream 0 is opened first, so that the session id is 0, but sends last.
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
  await using fixture = startServer();
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
  await using fixture = startServer({}, async ({ readable, writable }) => {
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

quicTest("a connection that sends no CONNECT is closed after connectTimeoutMs", async () => {
  await using fixture = startServer({ connectTimeoutMs: 150 });
  const silent = await connectHttp3(fixture.options);
  const half = await connectHttp3(fixture.options);
  await sendSettings(half);
  assert.equal(await closeCode(silent), h3Code.noError);
  assert.equal(await closeCode(half), h3Code.noError);
  await until(() => fixture.server.connections === 0);
});

quicTest("connections above maxConnections are refused", async () => {
  await using fixture = startServer({ maxConnections: 1 });
  const session = await openSession(fixture.options);
  await assert.rejects(connectHttp3(fixture.options), /during the handshake/);
  session.conn.close();
  await until(() => fixture.server.connections === 0);
  (await openSession(fixture.options)).conn.close();
});

quicTest("replaceCertificate() serves new connections with the new certificate and keeps old sessions", async () => {
  await using fixture = startServer();
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
