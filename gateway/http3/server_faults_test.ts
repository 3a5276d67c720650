/** The server over real QUIC, with clients that break the rules of HTTP/3. */
import assert from "node:assert/strict";
import { until } from "../../schema/testing/until.ts";
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
import { encodeSettings } from "./settings.ts";
import { encodeVarint } from "./varint.ts";
import { closeCode, origin, quicTest, startServer } from "../testing/http3_server.ts";

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
    await using fixture = startServer();
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
  await using fixture = startServer();
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
    await using fixture = startServer();
    const conn = await connectHttp3(fixture.options);
    await sendSettings(conn);
    const stream = await conn.createBidirectionalStream();
    await stream.writable.getWriter().write(bytes);
    assert.equal(await closeCode(conn), code);
  });
}

quicTest("garbage on the CONNECT stream closes the connection and ends the session", async () => {
  await using fixture = startServer();
  const session = await openSession(fixture.options);
  await session.writer.write(encodeFrame(frameType.headers, Uint8Array.of(0, 0)));
  assert.equal(await closeCode(session.conn), h3Code.frameUnexpected);
  await until(() => fixture.closes.length === 1);
});

quicTest("a second CONNECT on a connection is answered 429 and the session lives on", async () => {
  await using fixture = startServer();
  const session = await openSession(fixture.options);
  const second = await request(session.conn, webTransportFields("/wt", origin));
  assert.equal(second.status, 429);
  assert.equal(fixture.closes.length, 0);
  session.conn.close();
});

quicTest("64 streams may come before the session's CONNECT, one more closes the connection", async () => {
  await using fixture = startServer();
  const conn = await connectHttp3(fixture.options);
  await sendSettings(conn);
  // Stream 0, whose number the others name as their session.
  const connectStream = await conn.createBidirectionalStream();
  const writers: WritableStreamDefaultWriter<Uint8Array>[] = [];
  const openEarly = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const writer = (await conn.createBidirectionalStream()).writable.getWriter();
      writer.closed.catch(() => {});
      writers.push(writer);
      await writer.write(concat(encodeVarint(0x41), encodeVarint(0)));
    }
  };
  const code = closeCode(conn);
  await openEarly(64);
  assert.equal(await Promise.race([code, new Promise((resolve) => setTimeout(() => resolve("open"), 300))]), "open");
  await openEarly(1);
  assert.equal(await code, h3Code.excessiveLoad);
  assert.equal(writers.length, 65);
  connectStream.writable.abort().catch(() => {});
});

quicTest("a few streams may wait for their header for ever, many close the connection", async () => {
  await using fixture = startServer({ connectTimeoutMs: 150 });
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
  // A stream of a type that QUIC opens together with a higher stream, and that the peer does not use.
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
