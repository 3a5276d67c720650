import assert from "node:assert/strict";
import type { MessageItem } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";
import { createReading, type Seen, seenOf } from "./reading.ts";
import type { Row } from "./timeline_rows.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

function row(order: string, extra: Partial<MessageItem> = {}): Row {
  const item: MessageItem = {
    kind: "message",
    messageId: order,
    order,
    sender: "bob",
    own: false,
    senderKey: "0b".repeat(32),
    text: order,
    atMs: 0,
    state: "received",
    ...extra,
  };
  return { kind: "message", key: order, item, first: true };
}

Deno.test("PEOPLE B6: only others' messages in view are seen, else the last one above", () => {
  const rows: Row[] = [row("1"), { kind: "new", key: "new" }, row("2"), row("3", { own: true }), row("4"), row("5")];
  assert.deepEqual(seenOf(rows, 1, 4), { since: "2", upTo: "4" });
  assert.deepEqual(seenOf(rows, 3, 3), { since: "2", upTo: "2" }, "an own message alone is in view");
  assert.deepEqual(seenOf(rows, 0, 99), { since: "1", upTo: "5" });
  assert.equal(seenOf([row("1", { own: true })], 0, 0), undefined);
});

/** Takes what is told to the engine; `answer` lets the call under way end. */
function reader() {
  const told: Seen[] = [];
  const answers: ((isDone: boolean) => void)[] = [];
  const chat = { unreadFrom: "1" as string | undefined };
  const app = {
    chat: () => chat,
    engine: {
      markRead(_chatId: string, upTo: string, since: string) {
        told.push({ since, upTo });
        return new Promise<void>((resolve, reject) =>
          answers.push((isDone) => isDone ? resolve() : reject(new Error()))
        );
      },
    },
  };
  const answer = async (isDone = true) => {
    answers.shift()!(isDone);
    await settled();
  };
  return { saw: createReading(app as unknown as App, "chat"), told, answer, chat };
}

Deno.test("PEOPLE B6: a reader who scrolls fast causes one call at a time, which names what was seen", async () => {
  const { saw, told, answer } = reader();
  saw({ since: "1", upTo: "3" });
  saw({ since: "2", upTo: "5" });
  saw({ since: "4", upTo: "8" });
  assert.deepEqual(told, [{ since: "1", upTo: "3" }]);
  await answer();
  assert.deepEqual(told.slice(1), [{ since: "2", upTo: "8" }]);
  await answer();
  assert.equal(told.length, 2);
});

Deno.test("PEOPLE B6: what was seen is told once, and again after a failure; what is unread above is not", async () => {
  const { saw, told, answer, chat } = reader();
  saw({ since: "1", upTo: "3" });
  await answer(false);
  saw({ since: "1", upTo: "3" });
  await answer();
  assert.equal(told.length, 2);
  chat.unreadFrom = "0";
  saw({ since: "1", upTo: "3" });
  assert.equal(told.length, 2, "the unread message stands above what is in view");
  saw({ since: "0", upTo: "2" });
  assert.equal(told.length, 3);
  await answer();
  chat.unreadFrom = "7";
  saw({ since: "4", upTo: "6" });
  chat.unreadFrom = undefined;
  saw({ since: "4", upTo: "9" });
  assert.equal(told.length, 3);
});
