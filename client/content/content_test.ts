import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { mimiMessageId } from "./message_id.ts";
import { messageMeaning, textContent } from "./message_text.ts";
import { decodeMimiContent, encodeMimiContent, type MimiContent } from "./mimi_content.ts";

const folder = `${
  Deno.env.get("QPQ_VECTORS") ?? new URL("../../../shared/vectors", import.meta.url).pathname
}/mimi-content`;

/** The draft's examples; undefined where they are not at hand (an error under CI=true). */
function examples(): Map<string, { bytes: Uint8Array<ArrayBuffer> }> | undefined {
  try {
    const found = new Map<string, { bytes: Uint8Array<ArrayBuffer> }>();
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.endsWith(".cbor")) found.set(name.slice(0, -5), { bytes: Deno.readFileSync(`${folder}/${name}`) });
    }
    return found;
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    console.log(`not run: no vectors in ${folder}`);
    return undefined;
  }
}

/** implied-original is not a container but the context that a receiver knows (the draft's Appendix B). */
const notContainers = ["implied-original"];

Deno.test("decodeMimiContent() reads every example of the draft and encodeMimiContent() gives the same bytes back", () => {
  const all = examples();
  if (!all) return;
  let count = 0;
  for (const [name, { bytes }] of all) {
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
  const all = examples();
  if (!all) return;
  const draft = Deno.readTextFileSync(`${folder}/draft-ietf-mimi-content-07.txt`).replace(/[\s#]/g, "");
  for (const name of [...Object.keys(namedInDraft), ...alsoInDraft]) {
    const { bytes } = all.get(name)!;
    const { salt, extensions } = decodeMimiContent(bytes);
    const id = toHex(await mimiMessageId(extensions.get(1) as string, extensions.get(2) as string, bytes, salt));
    assert.equal(id, namedInDraft[name] ?? id, name);
    assert.ok(draft.includes(id), name);
  }
});

Deno.test("messageMeaning() tells texts, replies, edits, deletes and reactions apart", () => {
  const all = examples();
  if (!all) return;
  const meaning = (name: string) => messageMeaning(decodeMimiContent(all.get(name)!.bytes));
  assert.deepEqual(meaning("original"), {
    kind: "text",
    text: "Hi everyone, we just shipped release 2.0. __Good  work__!",
  });
  assert.deepEqual([meaning("reply").kind, (meaning("reply") as { inReplyTo: Uint8Array }).inReplyTo.length], [
    "text",
    32,
  ]);
  assert.deepEqual([meaning("edit").kind, (meaning("edit") as { text: string }).text], [
    "edit",
    "Right on! _Congratulations_ y'all!",
  ]);
  assert.deepEqual([meaning("delete").kind, meaning("unlike").kind, meaning("reaction").kind], [
    "delete",
    "delete",
    "reaction",
  ]);
  assert.equal(
    (meaning("conferencing") as { text: string }).text,
    "Join the Foo 118 conference https://example.com/join/12345",
  );
  assert.match((meaning("multipart-3") as { text: string }).text, /<h1>Welcome!<\/h1>[\s\S]*\[image\/gif\]/);
});

Deno.test("textContent() comes back as its text, with any characters", () => {
  const content = textContent("Grüße 🦆\n\u0000end", new Uint8Array(16).fill(7));
  assert.deepEqual(messageMeaning(decodeMimiContent(encodeMimiContent(content))), {
    kind: "text",
    text: "Grüße 🦆\n\u0000end",
  });
});

Deno.test("decodeMimiContent() refuses what the draft's §8.1 calls nonsense, and any encoding but the deterministic one", () => {
  const good = textContent("hello", new Uint8Array(16));
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
