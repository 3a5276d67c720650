import assert from "node:assert/strict";
import { Activity } from "./activity.ts";

function stream(): {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  give: (bytes: number) => void;
} {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({ start: (made) => void (controller = made) });
  return { readable, writable: new WritableStream(), give: (bytes) => controller.enqueue(new Uint8Array(bytes)) };
}

Deno.test("Activity tells a stream that waits for its first byte from one that listens", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const source = stream();
  const reader = (await activity.watch(Promise.resolve(source))).readable.getReader();
  now = 5_000;
  assert.ok(activity.isWaiting(5_000));
  source.give(1);
  await reader.read();
  assert.ok(!activity.isWaiting(0));
  now = 100_000;
  assert.ok(!activity.isWaiting(5_000), "it got an answer: silence after it is a subscription's");
  assert.equal(activity.open, 1);
  await reader.cancel();
  assert.deepEqual([activity.open, activity.quietMs()], [0, 0]);
});

Deno.test("Activity detects a long answer that stops, and not a short one that waits", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const [long, short] = [stream(), stream()];
  const readers = await Promise.all(
    [long, short].map(async (source) => (await activity.watch(Promise.resolve(source))).readable.getReader()),
  );
  long.give(70_000);
  short.give(100);
  await Promise.all(readers.map((reader) => reader.read()));
  now = 29_999;
  assert.ok(!activity.hasDriedUp(65_536, 30_000));
  now = 30_000;
  assert.ok(activity.hasDriedUp(65_536, 30_000));
  long.give(1);
  await readers[0].read();
  assert.ok(!activity.hasDriedUp(65_536, 30_000));
});

Deno.test("Activity detects a stream that never opens and a write that is never accepted", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const opening = Promise.withResolvers<ReturnType<typeof stream>>();
  const opened = activity.watch(opening.promise);
  now = 5_000;
  assert.ok(activity.isWaiting(5_000));
  const taken = Promise.withResolvers<void>();
  opening.resolve({ ...stream(), writable: new WritableStream({ write: () => taken.promise }) });
  const { writable } = await opened;
  assert.ok(!activity.isWaiting(5_000), "it moved");
  const writer = writable.getWriter();
  const writes = [writer.write(new Uint8Array(1)), writer.write(new Uint8Array(1))];
  now = 16_999;
  assert.ok(!activity.isHeldUp(12_000));
  now = 17_000;
  assert.ok(activity.isHeldUp(12_000));
  taken.resolve();
  await Promise.all(writes);
  assert.ok(!activity.isHeldUp(0));
  const refused = activity.watch(Promise.reject(new Error("over")));
  await assert.rejects(refused, /over/);
  assert.equal(activity.open, 1);
});

Deno.test("PEOPLE B4: streams that open and are given up are no sign of life", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const answered = stream();
  const reader = (await activity.watch(Promise.resolve(answered))).readable.getReader();
  answered.give(1);
  await reader.read();
  await activity.watch(Promise.resolve(stream()));
  for (now = 500; now < 5_000; now += 500) {
    const given = (await activity.watch(Promise.resolve(stream()))).readable.getReader();
    const reading = given.read();
    await given.cancel();
    await reading;
    await assert.rejects(activity.watch(Promise.reject(new Error("no stream"))));
  }
  assert.ok(activity.isWaiting(4_000), "the user writes, and nobody answers");
  assert.equal(activity.quietMs(), 500, "packets went out");
  answered.give(1);
  await reader.read();
  assert.ok(!activity.isWaiting(4_000));
});

Deno.test("PEOPLE B0: a stream ends with its connection, though the browser leaves it open", async () => {
  const activity = new Activity(() => 0);
  const over = new AbortController();
  const reader = (await activity.watch(Promise.resolve(stream()), over.signal)).readable.getReader();
  const read = reader.read();
  over.abort(new Error("the connection is over"));
  await assert.rejects(read, /the connection is over/);
  assert.equal(activity.open, 0);
  const late = (await activity.watch(Promise.resolve(stream()), over.signal)).readable.getReader();
  await assert.rejects(late.read(), /the connection is over/);
});
