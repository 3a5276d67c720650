/** The decoders that read streams: frames, control stream, QPACK streams, settings, capsules, requests. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, TruncatedError } from "./byte_reader.ts";
import { encodeCloseCapsule, readCloseCapsule } from "./capsule.ts";
import { readControlStream } from "./control_stream.ts";
import { h3Code, Http3Error } from "./error_codes.ts";
import { encodeFrame, frameType, readFrameHeader, SkipBudget } from "./frames.ts";
import { readDecoderStream, readEncoderStream } from "./qpack_streams.ts";
import { isWebTransport, parseRequestHead } from "./request.ts";
import { decodeSettings, encodeSettings } from "./settings.ts";
import { encodeVarint } from "./varint.ts";

/** A reader over bytes that arrive in pieces of `step`. */
function readerOf(bytes: Uint8Array, step = 3): ByteReader {
  let offset = 0;
  return new ByteReader(() =>
    Promise.resolve(offset < bytes.length ? bytes.subarray(offset, offset += step) : undefined)
  );
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function rejectsWith(work: Promise<unknown>, code: number): Promise<void> {
  return assert.rejects(work, (error) => error instanceof Http3Error && error.code === code);
}

const settingsFrame = encodeFrame(frameType.settings, encodeSettings());
const grease = encodeFrame(0x21 + 0x1f * 7, new Uint8Array(40));

Deno.test("readFrameHeader() skips GREASE and gives the next known frame", async () => {
  const reader = readerOf(join(grease, grease, encodeFrame(frameType.data, new Uint8Array(5))));
  assert.deepEqual(await readFrameHeader(reader, new SkipBudget()), { type: frameType.data, length: 5 });
});

Deno.test("readFrameHeader() refuses frames of HTTP/2 and endless padding", async () => {
  for (const type of [0x02, 0x06, 0x08, 0x09]) {
    await rejectsWith(readFrameHeader(readerOf(Uint8Array.of(type, 0)), new SkipBudget()), h3Code.frameUnexpected);
  }
  const endless = new ByteReader(() => Promise.resolve(grease));
  await rejectsWith(readFrameHeader(endless, new SkipBudget()), h3Code.excessiveLoad);
  const huge = readerOf(join(encodeVarint(0x21), encodeVarint(2 ** 40)));
  await rejectsWith(readFrameHeader(huge, new SkipBudget()), h3Code.excessiveLoad);
});

Deno.test("readControlStream() accepts SETTINGS, GOAWAY, MAX_PUSH_ID and GREASE", async () => {
  await readControlStream(
    readerOf(
      join(
        settingsFrame,
        grease,
        encodeFrame(frameType.goaway, encodeVarint(0)),
        encodeFrame(frameType.maxPushId, encodeVarint(70)),
      ),
    ),
  );
});

Deno.test("readControlStream() throws the code of each fault", async () => {
  const faults: [Uint8Array, number][] = [
    [grease, h3Code.missingSettings],
    [encodeFrame(frameType.goaway, encodeVarint(0)), h3Code.missingSettings],
    [join(settingsFrame, settingsFrame), h3Code.frameUnexpected],
    [join(settingsFrame, encodeFrame(frameType.data, new Uint8Array(1))), h3Code.frameUnexpected],
    [join(settingsFrame, encodeFrame(frameType.headers, new Uint8Array(1))), h3Code.frameUnexpected],
    [join(settingsFrame, encodeFrame(frameType.goaway, Uint8Array.of(0, 0))), h3Code.frameError],
    [join(encodeVarint(frameType.settings), encodeVarint(1_000_000)), h3Code.excessiveLoad],
    [encodeFrame(frameType.settings, Uint8Array.of(0x01)), h3Code.frameError],
    [encodeFrame(frameType.settings, Uint8Array.of(0x02, 0x00)), h3Code.settingsError],
    [encodeFrame(frameType.settings, Uint8Array.of(0x08, 0x02)), h3Code.settingsError],
    [encodeFrame(frameType.settings, Uint8Array.of(0x01, 0x00, 0x01, 0x00)), h3Code.settingsError],
  ];
  for (const [bytes, code] of faults) await rejectsWith(readControlStream(readerOf(bytes)), code);
});

Deno.test("decodeSettings() inverts encodeSettings()", () => {
  assert.equal(decodeSettings(encodeSettings()).get(0x2b603742), 1);
});

Deno.test("readEncoderStream() allows only a capacity of 0, readDecoderStream() only cancellations", async () => {
  await readEncoderStream(readerOf(Uint8Array.of(0x20, 0x20)));
  // RFC 9204 B.2: Set Dynamic Table Capacity 220, then insertions.
  await rejectsWith(readEncoderStream(readerOf(Uint8Array.of(0x3f, 0xbd, 0x01, 0xc0))), h3Code.qpackEncoderStreamError);
  await readDecoderStream(readerOf(Uint8Array.of(0x48, 0x7f, 0x80, 0x01, 0x40)));
  // RFC 9204 B.2 and B.4: Section Acknowledgment, Insert Count Increment.
  await rejectsWith(readDecoderStream(readerOf(Uint8Array.of(0x84))), h3Code.qpackDecoderStreamError);
  await rejectsWith(readDecoderStream(readerOf(Uint8Array.of(0x01))), h3Code.qpackDecoderStreamError);
  await rejectsWith(
    readDecoderStream(readerOf(Uint8Array.of(0x7f, ...Array(12).fill(0x80)))),
    h3Code.qpackDecoderStreamError,
  );
});

Deno.test("readCloseCapsule() skips other capsules and reads code and reason", async () => {
  const drain = join(encodeVarint(0x78ae), encodeVarint(0));
  const unknown = join(encodeVarint(0x29 * 1000 + 0x17), encodeVarint(30), new Uint8Array(30));
  const close = encodeCloseCapsule({ code: 0xfffffffe, reason: "see you — später" });
  assert.deepEqual(await readCloseCapsule(readerOf(join(drain, unknown, close)), new SkipBudget()), {
    code: 0xfffffffe,
    reason: "see you — später",
  });
  assert.equal(await readCloseCapsule(readerOf(drain), new SkipBudget()), undefined);
});

Deno.test("readCloseCapsule() refuses impossible lengths before it allocates", async () => {
  for (const length of [0, 3, 1029, 2 ** 50]) {
    await rejectsWith(
      readCloseCapsule(readerOf(join(encodeVarint(0x2843), encodeVarint(length))), new SkipBudget()),
      h3Code.messageError,
    );
  }
});

Deno.test("encodeCloseCapsule() cuts a long reason at 1024 bytes, between characters", async () => {
  const info = await readCloseCapsule(
    readerOf(encodeCloseCapsule({ code: 1, reason: "ä".repeat(2000) })),
    new SkipBudget(),
  );
  assert.equal(info?.reason, "ä".repeat(512));
});

Deno.test("parseRequestHead() picks the fields of an extended CONNECT and refuses malformed requests", () => {
  const connect = [[":method", "CONNECT"], [":protocol", "webtransport"], [":scheme", "https"], [":authority", "a"], [
    ":path",
    "/wt",
  ]] as const;
  const head = parseRequestHead([...connect, ["origin", "https://a"], ["user-agent", "x"]]);
  assert.ok(isWebTransport(head));
  assert.equal(head.origin, "https://a");
  assert.ok(
    !isWebTransport(parseRequestHead([[":method", "GET"], [":scheme", "https"], [":path", "/"], [":authority", "a"]])),
  );
  const malformed: (readonly [string, string])[][] = [
    [],
    [[":method", "GET"]],
    [...connect, [":path", "/wt"]],
    [["a", "b"], ...connect],
    [...connect, [":unknown", ""]],
    [...connect, ["Upper", "case"]],
    [...connect, ["a", "line\nbreak"]],
    [...connect, ["connection", "close"]],
    [...connect, ["origin", "a"], ["origin", "b"]],
    [[":method", "GET"], [":protocol", "webtransport"], [":scheme", "https"], [":path", "/"]],
  ];
  for (const fields of malformed) {
    assert.throws(
      () => parseRequestHead(fields),
      (error) => error instanceof Http3Error && error.code === h3Code.messageError,
    );
  }
});

Deno.test("every stream decoder ends with a value, Http3Error or TruncatedError on any bytes", async () => {
  const decoders: ((reader: ByteReader) => Promise<unknown>)[] = [
    (reader) => readFrameHeader(reader, new SkipBudget()),
    readControlStream,
    (reader) => readControlStream(new ByteReader(async (wanted) => await reader.some(wanted))),
    readEncoderStream,
    readDecoderStream,
    (reader) => readCloseCapsule(reader, new SkipBudget()),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 120 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (bytes, step, isControl) => {
        for (const decode of decoders) {
          try {
            await decode(readerOf(isControl ? join(settingsFrame, bytes) : bytes, step));
          } catch (error) {
            assert.ok(error instanceof Http3Error || error instanceof TruncatedError, String(error));
          }
        }
      },
    ),
    { seed: 5, numRuns: 1_000 },
  );
});
