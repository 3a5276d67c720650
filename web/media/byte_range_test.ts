import assert from "node:assert/strict";
import { answerHeaders, refusalHeaders } from "./answer_headers.ts";
import { byteRange, contentRange } from "./byte_range.ts";
import { mediaId } from "./stream_protocol.ts";

Deno.test("CONVERSATIONS: ranges of a file are those that RFC 9110 names", () => {
  const cases: [header: string | null, size: number, range: ReturnType<typeof byteRange>][] = [
    [null, 100, undefined],
    ["bytes=0-", 100, { start: 0, end: 100 }],
    ["bytes=10-19", 100, { start: 10, end: 20 }],
    ["bytes=99-", 100, { start: 99, end: 100 }],
    ["bytes=10-1000000000000000000000", 100, { start: 10, end: 100 }],
    ["bytes=-10", 100, { start: 90, end: 100 }],
    ["bytes=-1000", 100, { start: 0, end: 100 }],
    ["bytes=100-", 100, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=-0", 100, "unsatisfiable"],
    ["bytes=20-10", 100, undefined],
    ["bytes=0-1,5-6", 100, undefined],
    ["bytes=-", 100, undefined],
    ["bytes=a-b", 100, undefined],
    ["chunks=0-1", 100, undefined],
  ];
  for (const [header, size, range] of cases) assert.deepEqual(byteRange(header, size), range, `${header} of ${size}`);
  assert.equal(contentRange({ start: 10, end: 20 }, 100), "bytes 10-19/100");
});

Deno.test("CONVERSATIONS: a streamed file is never a page, and has its name whatever is in it", () => {
  const headers = answerHeaders(
    { size: 5, type: "application/octet-stream", saveAs: "a\"; b*='ü(1)\u202e.txt" },
    undefined,
  );
  assert.equal(
    headers["content-disposition"],
    "attachment; filename*=UTF-8''a%22%3B%20b%2A%3D%27%C3%BC%281%29%E2%80%AE.txt",
  );
  assert.equal(headers["content-type"], "application/octet-stream");
  assert.equal(headers["content-length"], "5");
  for (
    const some of [headers, answerHeaders({ size: 5, type: "video/mp4" }, { start: 1, end: 3 }), refusalHeaders(5)]
  ) {
    assert.equal(some["x-content-type-options"], "nosniff");
    assert.equal(some["content-security-policy"], "sandbox; default-src 'none'");
    assert.equal(some["cross-origin-resource-policy"], "same-origin");
    assert.equal(some["cache-control"], "no-store");
  }
  assert.doesNotThrow(() => answerHeaders({ size: 1, type: "", saveAs: "half \ud800" }, undefined));
});

Deno.test("CONVERSATIONS: only a path of 128 random bits names a file", () => {
  assert.equal(mediaId("/media/00112233445566778899aabbccddeeff"), "00112233445566778899aabbccddeeff");
  const wrong = [
    "/media/",
    "/media/x",
    "/media/00112233445566778899AABBCCDDEEFF",
    "/media/00112233445566778899aabbccddeeff/",
  ];
  for (const path of wrong) assert.equal(mediaId(path), undefined, path);
});
