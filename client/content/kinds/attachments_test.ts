import assert from "node:assert/strict";
import type { StoredAttachment } from "../../attachments/attachment.ts";
import { hintsKey } from "../attachment_part.ts";
import { textBody } from "../body.ts";
import { Disposition, encodeMimiContent, type MimiContent, type NestedPart } from "../mimi_content.ts";
import { previewOf, readContent } from "../registry.ts";
import { anna, lineOfAnna, messageId, received, salt } from "../testing/lines.ts";
import { attachmentsKind } from "./attachments.ts";

const blob = {
  sha256: new Uint8Array(32).fill(1),
  key: new Uint8Array(32).fill(2),
  prefix: new Uint8Array(7).fill(3),
};
const picture: StoredAttachment = {
  name: "cat.jpg",
  type: "image/jpeg",
  kind: "image",
  size: 123_456,
  description: "a cat",
  width: 640,
  height: 480,
  thumbhash: new Uint8Array(25).fill(9),
  blob,
};
const spoken: StoredAttachment = {
  name: "voice.ogg",
  type: "audio/ogg",
  kind: "voice",
  size: 9000,
  durationMs: 2500,
  waveform: new Uint8Array(64).fill(200),
  blob,
};
const paper: StoredAttachment = { name: "cv.pdf", type: "application/pdf", kind: "file", size: 0, blob };

const read = (content: MimiContent) => attachmentsKind.read(received(content));

/** A container with one attachment, parts of which are replaced. */
function changed(part: Record<string, unknown>, hints?: unknown): MimiContent {
  const content = attachmentsKind.write({ text: "", attachments: [picture] }, salt);
  const extensions = hints === undefined ? content.extensions : new Map([[hintsKey, hints]]);
  return { ...content, extensions, body: { ...content.body, ...part } as NestedPart };
}

function kindOf(content: MimiContent): string {
  const result = readContent(encodeMimiContent(content));
  return result.kind === "read" ? result.message.kind : result.kind;
}

Deno.test("CONVERSATIONS: one file, an album with a text, and an answer come back as they were written", () => {
  for (
    const content of [
      { text: "", attachments: [picture] },
      { text: "look", attachments: [picture] },
      { text: "", attachments: [picture, spoken, paper] },
      { text: "all", attachments: [paper, picture], inReplyTo: messageId(4) },
    ]
  ) {
    const written = attachmentsKind.write(content, salt);
    assert.deepEqual(read(written), content);
    assert.equal(kindOf(written), "attachments");
  }
});

Deno.test("CONVERSATIONS: files make a line with their text, which the chat list describes", () => {
  const attached = { kind: "image" as const, name: "cat.jpg", count: 2 };
  const said = { text: "look", attachments: [picture, paper] };
  const content = { ...said, attached };
  assert.deepEqual(attachmentsKind.apply(said, anna, undefined), { kind: "append", content });
  const answer = attachmentsKind.apply({ ...said, inReplyTo: messageId(4) }, anna, lineOfAnna({ text: "what?" }));
  assert.equal(answer.kind === "append" && answer.content.replyTo?.order, "00000000000a");
  assert.deepEqual(previewOf(content), { text: "look", attached });
  assert.deepEqual(previewOf({ text: "", deleted: true }), { text: "", deleted: true });
});

Deno.test("CONVERSATIONS: hints that lie or are too large are left out, and the file stays", () => {
  const { thumbhash: _hash, width: _width, height: _height, ...bare } = picture;
  const hostile: unknown[] = [
    [new Map<string, unknown>([["thumbhash", new Uint8Array(101)], ["width", 640], ["height", 0]])],
    [new Map<string, unknown>([["width", 70_000], ["height", 480], ["durationMs", -1]])],
    [new Map<string, unknown>([["waveform", new Uint8Array(65)], ["thumbhash", "text"]])],
    [new Map([["thumbhash", new Uint8Array(4096)]])],
    [7],
    "text",
    [],
  ];
  for (const hints of hostile) {
    assert.deepEqual(read(changed({}, hints)), { text: "", attachments: [bare] }, JSON.stringify(hints));
  }
});

Deno.test("CONVERSATIONS: names and types that lie are made harmless", () => {
  const one = (part: Record<string, unknown>) => read(changed(part))!.attachments[0];
  assert.equal(one({ filename: "../../\u202egpj.exe" }).name, "gpj.exe");
  assert.equal(one({ filename: "" }).name, "file");
  assert.deepEqual([one({ contentType: "image/svg+xml" }).kind, one({ contentType: "text/html" }).kind], [
    "file",
    "file",
  ]);
  assert.deepEqual([one({ contentType: "IMAGE/PNG; a=b" }).type, one({ contentType: "x\n/y" }).type], [
    "image/png",
    "application/octet-stream",
  ]);
  assert.equal(one({ description: "x".repeat(4000) }).description!.length, 1000);
});

Deno.test("CONVERSATIONS: what can not be opened, or has too many parts, is a text with the files' names", () => {
  const faults: Record<string, unknown>[] = [
    { url: "https://tracker.example/pixel" },
    { url: `qpq-blob:${"00".repeat(32)}` },
    { key: new Uint8Array(16) },
    { nonce: new Uint8Array(12) },
    { aad: new Uint8Array(1) },
    { hashAlg: 2 },
    { size: 500 * 1024 * 1024 + 1 },
    { encAlg: 2 },
  ];
  for (const fault of faults) assert.equal(kindOf(changed(fault)), "text", JSON.stringify(fault));
  const many = (count: number) => attachmentsKind.write({ text: "", attachments: Array(count).fill(paper) }, salt);
  assert.equal(kindOf(many(30)), "attachments");
  assert.equal(kindOf(many(31)), "text");
  assert.equal(kindOf(many(1100)), "malformed");
  const two = attachmentsKind.write({ text: "one", attachments: [paper] }, salt);
  const parts = [...(two.body as { parts: NestedPart[] }).parts, textBody("two", Disposition.render)];
  assert.equal(kindOf({ ...two, body: { ...two.body, parts } as NestedPart }), "text");
});

Deno.test("CONVERSATIONS: 30 files with pictures keep the extension within the draft's bounds", () => {
  const large = { ...picture, thumbhash: new Uint8Array(100).fill(7), waveform: new Uint8Array(64).fill(7) };
  const { attachments } = read(attachmentsKind.write({ text: "", attachments: Array(30).fill(large) }, salt))!;
  assert.equal(attachments.length, 30);
  assert.ok(attachments[0].thumbhash && !attachments[29].thumbhash);
  assert.equal(attachments[29].width, 640);
});
