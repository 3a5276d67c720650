import assert from "node:assert/strict";
import type { MessageItem } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import { messages, settled, withConversation } from "../testing/conversation_setting.ts";
import type { App } from "./app.ts";
import { type Conversation } from "./conversation.ts";
import { readyFile } from "./outgoing/tray.ts";

Deno.test("PEOPLE B0: messages that find no room keep their texts when the chat is opened again", async () => {
  const stored = messages(3);
  const unsaved: App["unsaved"] = new Map();
  let isFull = true;
  const send = () => isFull ? Promise.reject(new EngineError({ code: "L005", detail: "full" })) : Promise.resolve();
  const own = ({ conversation }: { conversation: Conversation }) =>
    conversation.rows().flatMap((row) =>
      row.kind === "message" && row.item.own ? [[row.item.text, row.item.state, row.item.errorCode]] : []
    );
  await withConversation({ stored, unsaved, send }, async (seen) => {
    assert.deepEqual(await Promise.all(["one", "two"].map((text) => seen.conversation.send(text))), [false, false]);
    assert.deepEqual(own(seen), [["one", "failed", "L005"], ["two", "failed", "L005"]]);
  });
  await withConversation({ stored, unsaved, send }, async (seen) => {
    assert.equal(await seen.conversation.send("three"), false);
    assert.deepEqual(own(seen).map(([text]) => text), ["one", "two", "three"]);
    isFull = false;
    for (const row of seen.conversation.rows()) {
      if (row.kind === "message" && row.item.own) seen.conversation.retry(row.item);
    }
    await settled();
    assert.equal(unsaved.size, 0, "the engine has them");
  });
});

Deno.test("CONVERSATIONS: a message counts as being saved until the engine has stored it, or could not", async () => {
  for (const end of ["resolve", "reject"] as const) {
    const sent = Promise.withResolvers<void>();
    const saving: App["saving"] = new Set();
    await withConversation({ stored: [], saving, send: () => sent.promise }, async ({ conversation }) => {
      const sending = conversation.send("a text that is nowhere else");
      assert.equal(saving.size, 1);
      sent[end](new EngineError({ code: "L005", detail: "full" }) as never);
      assert.equal(await sending, end === "resolve");
      assert.equal(saving.size, 0);
    });
  }
});

Deno.test("CONVERSATIONS: what fails after signing out is not there for the next account", async () => {
  const sent = Promise.withResolvers<void>();
  const unsaved: App["unsaved"] = new Map();
  await withConversation({ stored: messages(1), unsaved, send: () => sent.promise }, async (seen) => {
    const sending = seen.conversation.send("mine alone");
    const next = seen.signOut();
    sent.reject(new EngineError({ code: "L004", detail: "signed out" }));
    assert.equal(await sending, false);
    assert.deepEqual([next.size, unsaved.size], [0, 1]);
  });
});

Deno.test("CONVERSATIONS: an answer is sent with its message, also when it is tried again", async () => {
  const sent: unknown[][] = [];
  const send = (...values: unknown[]) => {
    sent.push(values.slice(2));
    return sent.length === 1 ? Promise.reject(new EngineError({ code: "L005", detail: "" })) : Promise.resolve();
  };
  const [original] = messages(1);
  await withConversation({ stored: [original], send }, async ({ conversation }) => {
    await conversation.send("yes", original);
    const failed = conversation.items().at(-1) as MessageItem;
    assert.equal(failed.state, "failed");
    assert.equal(failed.replyTo?.messageId, "m0");
    conversation.retry(failed);
    await settled();
    const options = { replyTo: { order: original.order, messageId: "m0" } };
    assert.deepEqual(sent, [["yes", options], ["yes", options]]);
  });
});

const files = () => ({
  files: [readyFile({ name: "a.txt", type: "text/plain", source: new Blob(["abc"]) })],
  original: false,
});

Deno.test("CONVERSATIONS: files have their line at once, and are tried again as files", async () => {
  const tries: string[] = [];
  const sendFiles = (_chatId: string, { messageId, text }: MessageItem) => {
    tries.push(`${messageId} ${text}`);
    return tries.length === 1 ? Promise.reject(new EngineError({ code: "L005", detail: "" })) : Promise.resolve();
  };
  const unsaved: App["unsaved"] = new Map();
  await withConversation({ stored: [], sendFiles, unsaved }, async ({ conversation }) => {
    const stored = conversation.send("look", undefined, files());
    const [line] = conversation.items() as MessageItem[];
    assert.deepEqual([line.state, line.attachments?.map(({ name, kind, size }) => [name, kind, size])], [
      "waiting",
      [["a.txt", "file", 3]],
    ]);
    assert.equal(await stored, false);
    const [failed] = conversation.items() as MessageItem[];
    assert.deepEqual([failed.state, failed.errorCode, unsaved.size], ["failed", "L005", 1]);
    conversation.retry(failed);
    await settled();
    assert.deepEqual(tries, Array(2).fill(`${line.messageId} look`));
    assert.equal(unsaved.size, 0);
  });
});

Deno.test("CONVERSATIONS: files that were given up leave no line behind", async () => {
  const sendFiles = () => Promise.reject(new EngineError({ code: "L039", detail: "" }));
  const unsaved: App["unsaved"] = new Map();
  await withConversation({ stored: messages(2), sendFiles, unsaved }, async ({ conversation, ids }) => {
    assert.equal(await conversation.send("cancel", undefined, files()), false);
    assert.deepEqual([ids(), unsaved.size], [["m0", "m1"], 0]);
  });
});
