import assert from "node:assert/strict";
import type { ChatFile, ChatFilePage } from "../../../client/api/engine_api.ts";
import { lengthText, sizeText, typeText } from "../file_text.ts";
import { createMediaWalk } from "./walk.ts";
import { barsOf, wavePath } from "./wave_path.ts";
import { panned, wholeZoom, zoomed } from "./zoom.ts";

const bounds = { view: { width: 400, height: 300 }, picture: { width: 400, height: 200 } };

Deno.test("CONVERSATIONS: a picture is zoomed around a point, and no side of it is pulled into the view", () => {
  const close = zoomed(wholeZoom, 2, { x: 100, y: 0 }, bounds);
  assert.deepEqual(close, { scale: 2, x: -100, y: 0 });
  assert.deepEqual(panned(close, 1000, 1000, bounds), { scale: 2, x: 200, y: 50 });
  assert.deepEqual(panned(close, -1000, -1000, bounds), { scale: 2, x: -200, y: -50 });
  assert.deepEqual(zoomed(close, 0.01, { x: 30, y: 30 }, bounds), wholeZoom);
  assert.equal(zoomed(wholeZoom, 1000, { x: 0, y: 0 }, bounds).scale, 8);
});

Deno.test("CONVERSATIONS: a wave is drawn from at most 64 peaks, and a flat one where there are none", () => {
  const peaks = Uint8Array.from([0, 255, 128]);
  assert.equal(wavePath(peaks, 0, 3), wavePath(peaks, 0, 1) + wavePath(peaks, 1, 3));
  assert.equal(wavePath(peaks, 0, 99), wavePath(peaks, 0, 3));
  assert.equal(barsOf(undefined), 40);
  assert.equal(wavePath(undefined, 0, 40).split("M").length, 41);
});

Deno.test("CONVERSATIONS: sizes and lengths are short words", () => {
  assert.deepEqual([0, 999, 1_200, 15_400, 8_000_000, 524_288_000].map(sizeText), [
    "0 bytes",
    "999 bytes",
    "1.2 kB",
    "15 kB",
    "8 MB",
    "524 MB",
  ]);
  assert.deepEqual([0, 7.9, 61, 3_765, Number.NaN, -3].map(lengthText), [
    "0:00",
    "0:07",
    "1:01",
    "1:02:45",
    "0:00",
    "0:00",
  ]);
  assert.deepEqual(["a.pdf", "b.tar.gz", "none", "x.thislongending"].map(typeText), [
    "PDF",
    "GZ",
    undefined,
    undefined,
  ]);
});

const file = (order: string, index = 0): ChatFile => ({
  message: { order, messageId: `m${order}` },
  sender: "anna",
  senderKey: "00",
  atMs: 0,
  index,
  attachment: { name: `${order}.${index}`, type: "image/png", kind: "image", size: 1 },
});

Deno.test("CONVERSATIONS: the viewer goes from picture to picture, and asks for older ones", async () => {
  const pages: Record<string, ChatFilePage> = {
    "5": { files: [], before: "4" },
    "4": { files: [file("3")], before: "2" },
    "2": { files: [file("1", 0), file("1", 1)] },
  };
  const asked: string[] = [];
  const engine = {
    chatFiles(_chatId: string, _kind: string, before?: string) {
      asked.push(before!);
      return Promise.resolve(pages[before!]);
    },
  };
  const walk = createMediaWalk(engine, "chat", [file("6"), file("5", 1), file("5", 0)], "m5/0");
  const name = () => walk.current()?.attachment.name;
  assert.deepEqual([name(), walk.at(), walk.hasPrevious(), walk.hasNext()], ["5.0", 1, true, true]);
  walk.next();
  walk.next();
  assert.deepEqual([name(), walk.hasNext()], ["6.0", false]);
  const names = [name()];
  while (walk.hasPrevious()) {
    const before = name();
    await walk.previous();
    if (name() === before) break;
    names.push(name());
  }
  assert.deepEqual(names, ["6.0", "5.1", "5.0", "3.0", "1.1", "1.0"]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([asked, walk.hasPrevious(), walk.files().length], [["5", "4", "2"], false, 6]);
});
