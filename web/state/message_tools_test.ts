import assert from "node:assert/strict";
import { createRoot } from "solid-js";
import type { ChatSummary, MessageItem } from "../../client/api/engine_api.ts";
import { setLanguage } from "../i18n/language.ts";
import { messages } from "../testing/conversation_setting.ts";
import type { App } from "./app.ts";
import type { Conversation } from "./conversation.ts";
import { createMessageTools, type MessageTools } from "./message_tools.ts";
import { createStatus } from "./status.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Tools of a chat with one message, in a page whose clipboard is `writeText`. */
async function withTools(
  writeText: (words: string) => Promise<void>,
  look: (tools: MessageTools, item: MessageItem, reported: unknown[]) => Promise<void>,
): Promise<void> {
  const reported: unknown[] = [];
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  await createRoot(async (dispose) => {
    const engine = { receiptMarks: () => new Promise(() => {}) };
    const app = { engine, listenMarks: () => () => {}, report: (error: unknown) => reported.push(error) };
    const chat = { chatId: "c0", members: [] as ChatSummary["members"] } as ChatSummary;
    const tools = createMessageTools(app as unknown as App, () => chat, { items: () => [] } as unknown as Conversation);
    await look(tools, messages(1)[0], reported);
    dispose();
  });
}

Deno.test("CONVERSATIONS: copying a message's text says that it was copied, and nothing where it was not", async () => {
  await setLanguage("en");
  const copied: string[] = [];
  await withTools((words) => Promise.resolve(void copied.push(words)), async (tools, item) => {
    assert.equal(tools.status.shown(), undefined);
    tools.run("copy", item);
    await settled();
    assert.deepEqual([copied, tools.status.shown()?.words], [["text 0"], "Copied"]);
  });
  await withTools(() => Promise.reject(new Error("refused")), async (tools, item, reported) => {
    tools.run("copy", item);
    await settled();
    assert.deepEqual([reported.length, tools.status.shown()], [1, undefined]);
  });
});

Deno.test("CONVERSATIONS: words that say what was done go by themselves, and the same words come anew", async () => {
  const status = createStatus(30);
  status.say("Copied");
  const first = status.shown();
  status.say("Copied");
  assert.notEqual(status.shown(), first);
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(status.shown(), undefined);
});
