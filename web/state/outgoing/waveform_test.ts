import assert from "node:assert/strict";
import { maxPeaks } from "../../../client/api/attachments.ts";
import { lengthText, shareText, sizeText } from "../file_text.ts";
import { levelOf, waveformOf } from "./waveform.ts";

Deno.test("CONVERSATIONS: a waveform has 64 peaks, the loudest is 255", () => {
  const quiet = waveformOf(Array.from({ length: 18_000 }, (_, index) => index === 9_000 ? 0.5 : 0.1));
  assert.equal(quiet.length, maxPeaks);
  assert.equal(quiet[32], 255);
  assert.equal(quiet[0], 51);
  assert.equal(waveformOf([1, 0]).length, maxPeaks, "of two levels as well");
  assert.deepEqual([waveformOf([1, 0])[0], waveformOf([1, 0])[63]], [255, 0]);
  assert.equal(waveformOf([]).length, 0);
});

Deno.test("CONVERSATIONS: silence does not look like a voice", () => {
  assert.ok(waveformOf(Array.from({ length: 100 }, () => 0.001)).every((peak) => peak < 20));
});

Deno.test("CONVERSATIONS: a level is the largest sample, on either side", () => {
  assert.equal(levelOf(new Float32Array([0.25, -0.5, 0])), 0.5);
  assert.equal(levelOf(new Float32Array([-3])), 1);
});

Deno.test("CONVERSATIONS: sizes and lengths in words", () => {
  assert.deepEqual([0, 999, 1_000, 3_400_000, 524_288_000].map(sizeText), [
    "0 bytes",
    "999 bytes",
    "1 kB",
    "3.4 MB",
    "524 MB",
  ]);
  assert.deepEqual([0, 59.999, 65, 900].map(lengthText), ["0:00", "0:59", "1:05", "15:00"]);
});

Deno.test("CONVERSATIONS: less than all is never said to be all", () => {
  assert.equal(shareText(999_999, 1_000_000), "99%");
  assert.equal(shareText(5, 5), "100%");
  assert.equal(shareText(0, 0), "0%");
});
