import assert from "node:assert/strict";
import { type Bytes, concat } from "../bytes.ts";
import { ByteReader, type ByteStream } from "./byte_stream.ts";
import { RpcClient } from "./client.ts";
import { ErrorCode, isWireError, TransportError, WireError } from "./errors.ts";
import { maxMessageBytes } from "./framing.ts";
import { encodeChunk } from "./byte_messages.ts";
import { type CallAuth, encodeCall, maxChunkBytes, noAuth } from "./calls_and_returns.ts";
import { authentication, delivery, EntryKind } from "./methods.ts";
import { Handlers, serveCall } from "./server.ts";
import { until } from "../testing/until.ts";

/** Two ends of one stream in memory. */
function streamPair(): [ByteStream, ByteStream] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  return [{ readable: back.readable, writable: there.writable }, { readable: there.readable, writable: back.writable }];
}

const entry = {
  seq: 7,
  kind: EntryKind.COMMIT,
  channelId: bytes(32),
  epoch: 3,
  id: bytes(16),
  header: bytes(1168),
  body: bytes(5000),
  bodyLength: 5000,
  receivedMs: 1_800_000_000_000,
  removed: [],
  added: [],
  membersHash: new Uint8Array(),
  place: 0,
  turn: 0,
};

function bytes(length: number): Bytes {
  return Uint8Array.from({ length }, (_, index) => index & 255);
}

function serving(auth: () => CallAuth = () => noAuth, readTimeoutMs = 1000) {
  const handlers = new Handlers<string>()
    .unary(delivery.ack, ({ upTo }) => {
      if (upTo === 13) throw new WireError(ErrorCode.queueFull, "thirteen", 500);
      if (upTo === 99) throw new Error("a bug");
      return Promise.resolve({});
    })
    .unary(delivery.fetch, () => Promise.resolve({ entries: [entry, { ...entry, seq: 8 }] }))
    .unary(
      authentication.lookupAccounts,
      ({ accountKeys }) =>
        Promise.resolve({
          accounts: accountKeys.map((accountKey) => ({
            username: "alice",
            accountKey,
            devices: { list: bytes(3), signature: bytes(64) },
          })),
        }),
    )
    .unary(delivery.putBlob, async (_params, { chunks }) => {
      let total = 0;
      for await (const chunk of chunks()) total += chunk.length;
      return { expiresMs: total };
    })
    .stream(delivery.subscribe, async function* ({ after }, { signal }) {
      for (let seq = after + 1; seq < after + 4; seq++) yield { entries: [{ ...entry, seq }] };
      if (after === 100) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      if (after === 200) throw new WireError(ErrorCode.draining, "going away");
    });
  const finished: number[] = [];
  const open = () => {
    const [caller, callee] = streamPair();
    void serveCall(callee, {
      handlers,
      authorize: () => "someone",
      readTimeoutMs,
      onFinished: ({ code }) => finished.push(code),
    });
    return Promise.resolve(caller);
  };
  return { client: new RpcClient(open, auth), open, finished };
}

/** The callee finishes a little after the caller has its answer. */
async function finishedCalls(finished: number[], count: number): Promise<void> {
  await until(() => finished.length >= count);
}

async function answerTo(open: () => Promise<ByteStream>, sent: Uint8Array): Promise<string> {
  const client = new RpcClient(async () => {
    const stream = await open();
    const writer = stream.writable.getWriter();
    await writer.write(sent);
    await writer.close();
    return { readable: stream.readable, writable: new WritableStream() };
  });
  return await client.call(delivery.health, {}).then(
    () => "ok",
    (error) => error instanceof WireError ? `E${error.code}` : String(error),
  );
}

Deno.test("RpcClient gets plain results back, lists of structs and lists of byte strings included", async () => {
  const { client } = serving();
  const { entries } = await client.call(delivery.fetch, {
    recipientKey: bytes(32),
    channelId: new Uint8Array(),
    after: 0,
    limit: 2,
  });
  assert.deepEqual(entries, [entry, { ...entry, seq: 8 }]);
  const { accounts } = await client.call(authentication.lookupAccounts, { accountKeys: [bytes(32), bytes(31)] });
  assert.deepEqual(accounts.map(({ accountKey }) => accountKey.length), [32, 31]);
});

Deno.test("RpcClient throws the callee's error with its code and advice", async () => {
  const { client } = serving();
  const error = await client.call(delivery.ack, { recipientKey: bytes(32), upTo: 13 }).catch((error) => error);
  assert.ok(isWireError(error, ErrorCode.queueFull));
  assert.equal(error.retryAfterMs, 500);
});

Deno.test("serveCall() answers a handler's bug with E050 and nothing about it", async () => {
  const { client, finished } = serving();
  const error = await client.call(delivery.ack, { recipientKey: bytes(32), upTo: 99 }).catch((error) => error);
  assert.equal(error.message, "E050 internal error");
  await finishedCalls(finished, 1);
  assert.deepEqual(finished, [50]);
});

Deno.test("RpcClient.stream() yields every element and ends at `end`, or with the callee's error", async () => {
  const { client } = serving();
  const seen: number[] = [];
  for await (const { entries } of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 10 })) {
    seen.push(entries[0].seq);
  }
  assert.deepEqual(seen, [11, 12, 13]);
  await assert.rejects(async () => {
    for await (const _ of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 200 }));
  }, (error) => isWireError(error, ErrorCode.draining));
});

Deno.test("RpcClient.stream() resets the stream when its signal aborts, and the handler sees it", async () => {
  const { client, finished } = serving();
  const aborter = new AbortController();
  await assert.rejects(async () => {
    for await (
      const { entries } of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 100 }, {
        signal: aborter.signal,
      })
    ) {
      if (entries[0].seq === 103) aborter.abort(new Error("enough"));
    }
  });
  await finishedCalls(finished, 1);
  assert.equal(finished.length, 1);
});

Deno.test("RpcClient.call() streams a body in pieces after the call", async () => {
  const { client } = serving();
  assert.deepEqual(await client.call(delivery.putBlob, { sha256: bytes(32), length: 200_000 }, {}, bytes(200_000)), {
    expiresMs: 200_000,
  });
});

Deno.test("serveCall() answers E014 to a piece of a body over 64 KiB", async () => {
  const { open } = serving();
  const call = encodeCall(delivery.putBlob, { sha256: bytes(32), length: 70_000 }, noAuth);
  assert.equal(await answerTo(open, concat(call, encodeChunk(bytes(maxChunkBytes + 1)))), "E14");
});

Deno.test("RpcClient throws TransportError when the stream ends without an answer or can not be opened", async () => {
  const mute = new RpcClient(() => {
    const [caller, callee] = streamPair();
    callee.writable.close().catch(() => {});
    return Promise.resolve(caller);
  });
  await assert.rejects(mute.call(delivery.health, {}), TransportError);
  await assert.rejects(
    new RpcClient(() => Promise.reject(new Error("no route"))).call(delivery.health, {}),
    TransportError,
  );
});

Deno.test("serveCall() refuses auth version 0 and 2 with E004 and wire version 0 and 2 with E010", async () => {
  const { open } = serving();
  for (const version of [0, 2]) {
    assert.equal(await answerTo(open, encodeCall(delivery.health, {}, { ...noAuth, version })), "E4");
    assert.equal(await answerTo(open, encodeCall(delivery.health, {}, noAuth, version)), "E10");
  }
});

Deno.test("serveCall() answers E014 to random, truncated and half-sent calls, E011 to oversized ones", async () => {
  const { open } = serving(undefined, 50);
  const call = encodeCall(delivery.fetch, { recipientKey: bytes(32), after: 1, limit: 2 }, noAuth);
  for (let length = 1; length < call.length; length += 7) {
    assert.equal(await answerTo(open, call.slice(0, length)), "E14");
  }
  assert.equal(await answerTo(open, new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0])), "E14");
  const oversized = new Uint8Array(8);
  new DataView(oversized.buffer).setUint32(4, maxMessageBytes / 8, true);
  assert.equal(await answerTo(open, oversized), "E11");
  const [caller, callee] = streamPair();
  const codes: number[] = [];
  const served = serveCall(callee, {
    handlers: new Handlers(),
    authorize: () => {},
    readTimeoutMs: 20,
    onFinished: ({ code }) => codes.push(code),
  });
  await caller.writable.getWriter().write(call.slice(0, 20));
  void new ByteReader(caller.readable).exactly(8);
  await served;
  assert.deepEqual(codes, [14]);
});

Deno.test("serveCall() survives every single flipped byte of a call", async () => {
  const { open } = serving(undefined, 50);
  const call = encodeCall(authentication.lookupAccounts, { accountKeys: [bytes(32), bytes(32)] }, {
    ...noAuth,
    accessToken: bytes(32),
    deviceId: bytes(16),
  });
  for (let index = 8; index < call.length; index++) {
    for (const flip of [0xff, 0x01, 0x80]) {
      const hostile = call.slice();
      hostile[index] ^= flip;
      const answer = await answerTo(open, hostile);
      assert.ok(/^(ok|E\d+|MalformedError.*)/.test(answer), answer);
      assert.notEqual(answer, "E50");
    }
  }
});

/** @returns an opener that counts the streams whose reading side has neither ended nor been reset */
function counting(open: () => Promise<ByteStream>): { open: () => Promise<ByteStream>; held: () => number } {
  let held = 0;
  return {
    held: () => held,
    open: async () => {
      const { readable, writable } = await open();
      const reader = readable.getReader();
      held++;
      const counted = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value, done } = await reader.read();
          if (!done) return controller.enqueue(value);
          held--;
          controller.close();
        },
        cancel(reason) {
          held--;
          return reader.cancel(reason);
        },
      }, { highWaterMark: 0 });
      return { readable: counted, writable };
    },
  };
}

Deno.test("PEOPLE B0: RpcClient holds no stream after an error, an end, a leave or an unused opening", async () => {
  const served = serving();
  const { open, held } = counting(served.open);
  const client = new RpcClient(open);
  const ack = (upTo: number) => client.call(delivery.ack, { recipientKey: bytes(32), upTo });
  await assert.rejects(ack(13), (error) => isWireError(error, ErrorCode.queueFull));
  await assert.rejects(ack(99), (error) => isWireError(error, ErrorCode.internal));
  await ack(1);
  const lengthy = { sha256: bytes(32), length: 200_000 };
  await client.call(delivery.putBlob, lengthy, {}, bytes(200_000));
  await assert.rejects(async () => {
    for await (const _ of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 200 }));
  });
  for await (const _ of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 0 }));
  for await (const _ of client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 100 })) break;
  await until(() => held() === 0);
  client.openAhead();
  await until(() => held() === 1);
  await until(() => held() === 0);
});

Deno.test("PEOPLE B0: RpcClient resets a stream that comes in the turn in which its call is given up", async () => {
  const { open, held } = counting(() => Promise.resolve(streamPair()[0]));
  const given = new AbortController();
  const client = new RpcClient(async () => {
    const stream = await open();
    queueMicrotask(() => given.abort(new Error("enough")));
    return stream;
  });
  const hung = client.stream(delivery.subscribe, { recipientKey: bytes(32), after: 100 }, { signal: given.signal });
  await assert.rejects(async () => {
    for await (const _ of hung);
  });
  await until(() => held() === 0);
});

Deno.test("PEOPLE B0: serveCall() does not call a caller that left with its whole answer a bug", async () => {
  const [caller, callee] = streamPair();
  const finished: { code: number; error?: unknown }[] = [];
  const leaving = new WritableStream<Uint8Array>({ close: () => Promise.reject(new Error("stopped by peer")) });
  const served = serveCall({ readable: callee.readable, writable: leaving }, {
    handlers: new Handlers<void>().unary(delivery.ack, () => Promise.resolve({})),
    authorize: () => {},
    onFinished: ({ code, error }) => finished.push({ code, error }),
  });
  const writer = caller.writable.getWriter();
  await writer.write(encodeCall(delivery.ack, { recipientKey: bytes(32), upTo: 1 }, noAuth));
  await writer.close();
  await served;
  assert.deepEqual(finished, [{ code: 0, error: undefined }]);
});
