import assert from "node:assert/strict";
import { fromHex, toHex, utf8 } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { mimiMessageId } from "./message_id.ts";
import { messageMeaning, textContent } from "./message_text.ts";
import { decodeMimiContent, encodeMimiContent, type MimiContent } from "./mimi_content.ts";

const folder = `${Deno.env.get("QPQ_VECTORS") ?? new URL("../../../shared/vectors", import.meta.url).pathname}/mimi-content`;

/** The draft's examples; undefined where they are not at hand (an error under CI=true). */
function examples(): Map<string, { bytes: Uint8Array<ArrayBuffer>; readable: string }> | undefined {
  try {
    const found = new Map<string, { bytes: Uint8Array<ArrayBuffer>; readable: string }>();
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.endsWith(".cbor")) found.set(name.slice(0, -5), { bytes: Deno.readFileSync(`${folder}/${name}`), readable: Deno.readTextFileSync(`${folder}/${name.slice(0, -5)}.edn`) });
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

Deno.test("mimiMessageId() derives the ids that the draft's examples name", async () => {
  const all = examples();
  if (!all) return;
  for (const [name, { bytes, readable }] of all) {
    if (notContainers.includes(name)) continue;
    const content = decodeMimiContent(bytes);
    // The readable file of "expiring" names the id of an older revision; the draft's text (Appendix B) has the one of these bytes.
    const named = name === "expiring" ? ["", "0106308e2c03346eba95b24abdfa9fe6", "43aa247debfb7192feae647155316920"] : readable.match(/message ID = h'([0-9a-f]+)\s*\n#\s*([0-9a-f]+)'/)!;
    const id = await mimiMessageId(content.extensions.get(1) as string, content.extensions.get(2) as string, bytes, content.salt);
    assert.equal(toHex(id), named[1] + named[2], name);
  }
});

Deno.test("messageMeaning() tells texts, replies, edits, deletes and reactions apart", () => {
  const all = examples();
  if (!all) return;
  const meaning = (name: string) => messageMeaning(decodeMimiContent(all.get(name)!.bytes));
  assert.deepEqual(meaning("original"), { kind: "text", text: "Hi everyone, we just shipped release 2.0. __Good  work__!" });
  assert.deepEqual([meaning("reply").kind, (meaning("reply") as { inReplyTo: Uint8Array }).inReplyTo.length], ["text", 32]);
  assert.deepEqual([meaning("edit").kind, (meaning("edit") as { text: string }).text], ["edit", "Right on! _Congratulations_ y'all!"]);
  assert.deepEqual([meaning("delete").kind, meaning("unlike").kind, meaning("reaction").kind], ["delete", "delete", "reaction"]);
  assert.equal((meaning("conferencing") as { text: string }).text, "Join the Foo 118 conference https://example.com/join/12345");
  assert.match((meaning("multipart-3") as { text: string }).text, /<h1>Welcome!<\/h1>[\s\S]*\[image\/gif\]/);
});

Deno.test("textContent() comes back as its text, with any characters", () => {
  const content = textContent("Grüße 🦆\n\u0000end", new Uint8Array(16).fill(7));
  assert.deepEqual(messageMeaning(decodeMimiContent(encodeMimiContent(content))), { kind: "text", text: "Grüße 🦆\n\u0000end" });
});

Deno.test("decodeMimiContent() refuses what the draft's §8.1 calls nonsense, and any encoding but the deterministic one", () => {
  const good = textContent("hello", new Uint8Array(16));
  const refused = (content: MimiContent, what: string) => assert.throws(() => decodeMimiContent(encodeMimiContent(content)), MalformedError, what);
  refused({ ...good, salt: new Uint8Array(15) }, "salt");
  refused({ ...good, topicId: new Uint8Array(4097) }, "topic");
  refused({ ...good, replaces: new Uint8Array(32).fill(2) }, "hash algorithm");
  let deep: MimiContent["body"] = good.body;
  for (let depth = 0; depth < 5; depth++) deep = { disposition: 1, language: "", cardinality: "multi", semantics: "process-all", parts: [deep, good.body] };
  refused({ ...good, body: deep }, "depth");
  assert.throws(() => decodeMimiContent(utf8("hello")), MalformedError);
  assert.throws(() => decodeMimiContent(fromHex("9f00ff")), MalformedError);
  assert.throws(() => decodeMimiContent(encodeMimiContent(good).subarray(1)), MalformedError);
  const bytes = encodeMimiContent(good);
  assert.throws(() => decodeMimiContent(new Uint8Array([...bytes, 0])), MalformedError);
});
