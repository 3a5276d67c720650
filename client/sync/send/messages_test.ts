import assert from "node:assert/strict";
import { Messages } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

const chatId = "07".repeat(32);

/** A chat of two with a stopped clock. The test controls the directory's answer. */
function chatting() {
  const asked = { times: 0, changed: false };
  const context = {
    conversations: {
      get: () => ({ record: { members: [{ accountKey: "01".repeat(32) }, { accountKey: "02".repeat(32) }] } }),
    },
    account: {
      directory: {
        requireUnchanged: () => {
          asked.times++;
          return asked.changed ? Promise.reject(new Error("L007")) : Promise.resolve();
        },
      },
    },
    ownKey: "01".repeat(32),
    environment: { now: () => 1_000 },
  };
  return { asked, messages: new Messages(context as unknown as SyncContext, {} as Outbox) };
}

Deno.test("requireUnchanged() stops a conversation at once when a key changes", async () => {
  const { asked, messages } = chatting();
  await messages.requireUnchanged(chatId);
  await messages.requireUnchanged(chatId);
  assert.equal(asked.times, 1, "an answer is good for a while");
  asked.changed = true;
  messages.pinsChanged();
  await assert.rejects(messages.requireUnchanged(chatId), /L007/);
  asked.changed = false;
  messages.pinsChanged();
  await messages.requireUnchanged(chatId);
});
