import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { textKind } from "../../content/kinds/text.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { createConversationEvents } from "../conversation/conversation_events.ts";
import type { StoredOutbox } from "../conversation/outbox_record.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { Outbox } from "./outbox.ts";

const chatId = "07".repeat(32);

type Answers = { code: number; receivedMs: number; place: number }[];
type Sent = { messages: { messageId: Uint8Array }[] } | { messageId: Uint8Array };

/** An outbox in which `count` messages wait that are sealed in the present epoch, 1, connected to `server`. */
async function outboxOf(count: number, server: (numbers: number[], isOne: boolean) => Answers | Error) {
  const content = encodeMimiContent(textKind.write({ text: "x" }, new Uint8Array(16)));
  const stored = Array.from({ length: count }, (_, index): StoredOutbox => ({
    chatId,
    messageId: index.toString(16).padStart(32, "0"),
    order: index.toString(16).padStart(4, "0"),
    kind: "message",
    content,
    sealed: { epoch: 1, envelope: new Uint8Array(3), generation: index },
  }));
  const settled: string[] = [];
  const record = {
    standing: { kind: "member" },
    epoch: 1,
    channelId: new Uint8Array(32).fill(7),
    firstChannelId: new Uint8Array(32).fill(7),
    members: [],
  };
  const chat = {
    id: chatId,
    record,
    reservePlace: () => "1",
    changes: {
      newestStart: () => "1",
      notePlace: () => {},
      move: ({ state }: { state: string }, from: string) => {
        settled.push(`${Number(`0x${from}`)} ${state}`);
        return false;
      },
    },
  };
  const timers: (() => void)[] = [];
  const context = {
    account: { accountKey: new Uint8Array(32), clock: { now: () => 0 } },
    store: {
      range: () => Promise.resolve(stored.map((value) => ({ key: "", value }))),
      get: (_store: string, key: string) =>
        Promise.resolve({ kind: "message", state: "waiting", order: key.slice(chatId.length + 1) }),
    },
    conversations: {
      get: () => chat,
      update: (work: (unit: unknown) => Promise<unknown>) =>
        work({ conversation: () => Promise.resolve(chat), delete: () => {}, put: () => {} }),
    },
    rpc: {
      call: (_method: unknown, params: Sent) => {
        const isOne = !("messages" in params);
        const messages = isOne ? [params] : params.messages;
        const answers = server(messages.map(({ messageId }) => messageId.at(-1)!), isOne);
        if (answers instanceof Error) return Promise.reject(answers);
        return Promise.resolve(isOne ? answers[0] : { answers });
      },
    },
    events: createConversationEvents(),
    environment: {
      after: (_ms: number, run: () => void) => (timers.push(run), () => {}),
      now: () => 0,
      random: () => 0,
    },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => Promise.resolve(),
  });
  await outbox.load();
  outbox.connected();
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { outbox, settled, timers };
}

const taken = (numbers: number[]): Answers => numbers.map(() => ({ code: 0, receivedMs: 1, place: 1 }));

Deno.test("PEOPLE B0: Outbox sends one by one to a server that does not know the call for several", async () => {
  const calls: [number[], boolean][] = [];
  const { outbox, settled } = await outboxOf(3, (numbers, isOne) => {
    calls.push([numbers, isOne]);
    return isOne ? taken(numbers) : new WireError(ErrorCode.malformed, "unknown method");
  });
  assert.deepEqual(calls, [[[0, 1, 2], false], [[0], true], [[1], true], [[2], true]]);
  assert.deepEqual([settled, outbox.waiting], [["0 sent", "1 sent", "2 sent"], 0]);
  outbox.close();
});

Deno.test("PEOPLE B0: what the server takes nothing of behind a refusal waits, and leaves in its order", async () => {
  const calls: number[][] = [];
  const { outbox, settled, timers } = await outboxOf(20, (numbers) => {
    calls.push(numbers);
    // Another commit has made the epoch.
    if (calls.length === 1) {
      return [...taken(numbers.slice(0, 2)), { code: ErrorCode.epochConflict, receivedMs: 0, place: 0 }];
    }
    return taken(numbers);
  });
  assert.deepEqual(calls, [Array.from({ length: 16 }, (_, index) => index)]);
  assert.deepEqual(settled, ["0 sent", "1 sent"]);
  assert.equal(timers.length, 1, "nothing overtakes the refused one");
  timers[0]();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(calls.slice(1).flat(), Array.from({ length: 18 }, (_, index) => index + 2));
  assert.equal(outbox.waiting, 0);
  outbox.close();
});

Deno.test("PEOPLE B0: a message that the server refuses for good blocks nothing", async () => {
  const calls: number[][] = [];
  const { outbox, settled, timers } = await outboxOf(4, (numbers) => {
    calls.push(numbers);
    return calls.length > 1 ? taken(numbers) : [...taken([0]), { code: ErrorCode.malformed, receivedMs: 0, place: 0 }];
  });
  assert.deepEqual(calls, [[0, 1, 2, 3], [2, 3]]);
  assert.deepEqual([settled, timers.length], [["0 sent", "1 failed", "2 sent", "3 sent"], 0]);
  outbox.close();
});

Deno.test("PEOPLE B0: a server that answers for no message is asked again after a while, and not at once", async () => {
  let calls = 0;
  const { outbox, settled, timers } = await outboxOf(
    3,
    (numbers) => ++calls > 1 && calls < 50 ? [] : taken(numbers.slice(0, 1)),
  );
  assert.deepEqual([calls, timers.length, settled], [2, 1, ["0 sent"]]);
  outbox.close();
});
