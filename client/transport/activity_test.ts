import assert from "node:assert/strict";
import { Activity } from "./activity.ts";

function stream(): { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array>; give: (bytes: number) => void } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({ start: (made) => void (controller = made) });
  return { readable, writable: new WritableStream(), give: (bytes) => controller.enqueue(new Uint8Array(bytes)) };
}

Deno.test("Activity tells a stream that waits for its first byte from one that listens", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const source = stream();
  const reader = activity.watch(source).readable.getReader();
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

Deno.test("Activity sees a long answer that dries up, and not a short one that waits", async () => {
  let now = 0;
  const activity = new Activity(() => now);
  const [long, short] = [stream(), stream()];
  const readers = [activity.watch(long).readable.getReader(), activity.watch(short).readable.getReader()];
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
