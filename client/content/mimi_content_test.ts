import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { mimiMessageId } from "./message_id.ts";
import { textKind } from "./kinds/text.ts";
import { draftExamples, draftText } from "./testing/examples.ts";
import { decodeMimiContent, encodeMimiContent, type MimiContent } from "./mimi_content.ts";

/** implied-original is not a container but the context that a receiver knows (the draft's Appendix B). */
const notContainers = ["implied-original"];

Deno.test("decodeMimiContent() and encodeMimiContent() keep every example of the draft byte for byte", () => {
  const all = draftExamples();
  if (!all) return;
  let count = 0;
  for (const [name, bytes] of all) {
    if (notContainers.includes(name)) continue;
    assert.equal(toHex(encodeMimiContent(decodeMimiContent(bytes))), toHex(bytes), name);
    count++;
  }
  assert.equal(count, 14);
});

/**
 * The examples whose bytes are those of the draft's text, which names their ids. The other files, and the ids
 * in the readable ones, refer to ids of an earlier revision.
 */
const namedInDraft: Record<string, string> = {
  "original": "01b0084467273cc43d6f0ebeac13eb84229c4fffe8f6c3594c905f47779e5a79",
  "expiring": "0106308e2c03346eba95b24abdfa9fe643aa247debfb7192feae647155316920",
};
const alsoInDraft = ["attachment", "conferencing", "multipart-1", "multipart-2", "multipart-3"];

Deno.test("mimiMessageId() derives the ids that the draft's text names", async () => {
  const all = draftExamples();
  if (!all) return;
  const draft = draftText();
  for (const name of [...Object.keys(namedInDraft), ...alsoInDraft]) {
    const bytes = all.get(name)!;
    const { salt, extensions } = decodeMimiContent(bytes);
    const id = toHex(await mimiMessageId(extensions.get(1) as string, extensions.get(2) as string, bytes, salt));
    assert.equal(id, namedInDraft[name] ?? id, name);
    assert.ok(draft.includes(id), name);
  }
});

Deno.test("decodeMimiContent() refuses what §8.1 of the draft forbids, and non-deterministic encodings", () => {
  const good = textKind.write({ text: "hello" }, new Uint8Array(16));
  const refused = (content: MimiContent, what: string) =>
    assert.throws(() => decodeMimiContent(encodeMimiContent(content)), MalformedError, what);
  refused({ ...good, salt: new Uint8Array(15) }, "salt");
  refused({ ...good, topicId: new Uint8Array(4097) }, "topic");
  refused({ ...good, replaces: new Uint8Array(32).fill(2) }, "hash algorithm");
  let deep: MimiContent["body"] = good.body;
  for (let depth = 0; depth < 5; depth++) {
    deep = { disposition: 1, language: "", cardinality: "multi", semantics: "process-all", parts: [deep, good.body] };
  }
  refused({ ...good, body: deep }, "depth");
  assert.throws(() => decodeMimiContent(utf8("hello")), MalformedError);
  assert.throws(() => decodeMimiContent(fromHex("9f00ff")), MalformedError);
  assert.throws(() => decodeMimiContent(encodeMimiContent(good).subarray(1)), MalformedError);
  const bytes = encodeMimiContent(good);
  assert.throws(() => decodeMimiContent(new Uint8Array([...bytes, 0])), MalformedError);
});

Deno.test("PEOPLE A8: content whose extension is nested 5,000 deep is refused and not thrown", () => {
  const start = [0x87, 0x50, ...new Uint8Array(16), 0xf6, 0x40, 0xf6, 0xf6, 0xa1, 0x18, 0x30];
  for (const depth of [40, 1000, 3000, 3500, 4000, 4500, 5000]) {
    const deep = new Uint8Array([...start, ...new Array<number>(depth).fill(0x81), 0x80, 0x83, 0, 0x60, 0]);
    assert.throws(() => decodeMimiContent(deep), MalformedError, `${depth}`);
  }
  const shallow = new Uint8Array([...start, ...new Array<number>(20).fill(0x81), 0x80, 0x83, 0, 0x60, 0]);
  assert.equal(decodeMimiContent(shallow).extensions.size, 1);
});

Deno.test("PEOPLE A8: content that decodes, and can not be encoded again, is refused and not thrown", () => {
  const start = [0x87, 0x50, ...new Uint8Array(16), 0xf6, 0x40, 0xf6, 0xf6];
  // A break as a value of a map; maps whose keys are lists or maps.
  for (
    const extensions of [
      [0xa1, 0x01, 0xff],
      [0xa2, 0x80, 0x01, 0x81, 0x01, 0x02],
      [0xa2, 0x01, 0x02, 0xa0, 0x01],
      [0xa1, 0x01, 0x81, 0xa1, 0x01, 0xff],
    ]
  ) {
    const content = new Uint8Array([...start, ...extensions, 0x83, 0, 0x60, 0]);
    assert.throws(() => decodeMimiContent(content), MalformedError, extensions.join());
  }
});
