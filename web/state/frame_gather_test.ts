import assert from "node:assert/strict";
import { gatherFrames } from "./frame_gather.ts";

/** Runs a test in a page whose frames the test draws. `drawFrame` is over when the tasks behind the frame are. */
async function withFrames(test: (drawFrame: () => Promise<void>, waiting: () => number) => Promise<void>) {
  const frames = new Map<number, FrameRequestCallback>();
  const page = {
    requestAnimationFrame: (run: FrameRequestCallback) => frames.set(frames.size + 1, run).size,
    cancelAnimationFrame: (frame: number) => void frames.delete(frame),
  };
  Object.assign(globalThis, page);
  const drawFrame = async () => {
    frames.forEach((run) => run(0));
    await new Promise((resolve) => setTimeout(resolve));
  };
  try {
    await test(drawFrame, () => frames.size);
  } finally {
    for (const name of Object.keys(page)) Reflect.deleteProperty(globalThis, name);
  }
}

Deno.test("gatherFrames() passes the first of a frame on at once, the others together, in their order", async () => {
  await withFrames(async (drawFrame, waiting) => {
    const applied: number[][] = [];
    const gather = gatherFrames<number>((items) => applied.push(items));
    gather.add([1, 2]);
    gather.add([3]);
    gather.add([4, 5]);
    assert.deepEqual(applied, [[1, 2]]);
    await drawFrame();
    assert.deepEqual(applied, [[1, 2], [3, 4, 5]]);
    gather.add([6]);
    assert.equal(applied.length, 2, "this frame has had its own");
    await drawFrame();
    await drawFrame();
    assert.equal(waiting(), 0, "a page at rest waits for no frame");
    gather.add([7]);
    assert.deepEqual(applied, [[1, 2], [3, 4, 5], [6], [7]]);
    gather.add([8]);
    gather.flush();
    assert.deepEqual(applied.at(-1), [8]);
    gather.add([9]);
    gather.close();
    await drawFrame();
    assert.deepEqual(applied.at(-1), [8], "nothing goes on once it is closed");
    assert.equal(waiting(), 0);
  });
});

Deno.test("gatherFrames() passes 8 items on in a frame, and all where more than 64 wait", async () => {
  await withFrames(async (drawFrame) => {
    const applied: number[][] = [];
    const gather = gatherFrames<number>((items) => applied.push(items));
    const sizes = () => applied.splice(0).map(({ length }) => length);
    gather.add(Array.from({ length: 20 }, (_, index) => index));
    for (let frame = 0; frame < 4; frame++) await drawFrame();
    assert.deepEqual(applied.flat(), Array.from({ length: 20 }, (_, index) => index));
    assert.deepEqual(sizes(), [8, 8, 4]);
    gather.add([1]);
    gather.add(new Array(64).fill(2));
    await drawFrame();
    assert.deepEqual(sizes(), [1, 8]);
    gather.add(new Array(9).fill(3));
    await drawFrame();
    assert.deepEqual(sizes(), [65]);
    gather.close();
  });
});

Deno.test("gatherFrames() waits no longer than 100 ms where no frame is drawn", async () => {
  const applied: string[] = [];
  const gather = gatherFrames<string>((items) => applied.push(...items));
  gather.add(["at once"]);
  gather.add(["later"]);
  assert.deepEqual(applied, ["at once"]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(applied, ["at once", "later"]);
  gather.close();
});
