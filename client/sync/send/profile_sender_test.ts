import assert from "node:assert/strict";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { ProfileSender } from "./profile_sender.ts";

const chatId = "11".repeat(32);

/** A sender in one conversation of so many accounts, and the delays of what it will do. */
function senderIn(accounts: number, change: Partial<ConversationRecord> = {}) {
  const delays: { afterMs: number; run: () => void }[] = [];
  let nowMs = 1_000_000;
  let sent = 0;
  const member = (index: number) => ({ username: `user${index}`, accountKey: String(index), role: "member" as const });
  const record = {
    kind: "group",
    channelId: new Uint8Array(32).fill(0x11),
    epoch: 5,
    members: Array.from({ length: accounts }, (_, index) => member(index)),
    features: ["profiles"],
    standing: { kind: "member" },
    devices: [{ channel: chatId, n: 1, devices: ["aa"] }],
    ...change,
  } as unknown as ConversationRecord;
  const conversation = { id: chatId, record, changes: { reserveWaitingPlace: () => "" } };
  const context = {
    ownKey: "0",
    account: {
      clock: { now: () => nowMs },
      settings: { content: { profile: { v: 7, name: "A" } }, isBlocked: (key: string) => key === "blocked" },
    },
    environment: {
      now: () => nowMs,
      random: () => 0,
      after: (afterMs: number, run: () => void) => {
        delays.push({ afterMs, run });
        return () => {};
      },
    },
    conversations: {
      get: () => ({ record }),
      all: () => [{ id: chatId, record }],
      withState: () => Promise.resolve(undefined),
      update: (work: (unit: unknown) => Promise<void>) => work({ conversation: () => Promise.resolve(conversation) }),
    },
  } as unknown as SyncContext;
  const outbox = {
    hasWaiting: () => false,
    maySend: () => Promise.resolve(true),
    enqueue: () =>
      Promise.resolve().then(() => assert.ok(sender.busy, "it is busy until the outbox has it")).then(() => {
        sent++;
      }),
  };
  const sender: ProfileSender = new ProfileSender(context, outbox, (error) => assert.fail(String(error)));
  sender.connected();
  const pass = async (ms: number) => {
    nowMs += ms;
    delays.shift()!.run();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { sender, delays, pass, sent: () => sent };
}

Deno.test("CONVERSATIONS: a group of 33 is told with the next message, and no chat twice in 10 s", async () => {
  const large = senderIn(33);
  assert.equal(large.delays.length, 0);
  large.sender.look(chatId);
  assert.equal(large.delays.length, 0);
  large.sender.look(chatId, true);
  assert.equal(large.delays.length, 1);
  const small = senderIn(32);
  assert.equal(small.delays.length, 1);
  assert.equal(small.delays[0].afterMs, 1_000);
  assert.ok(small.sender.busy);
  await small.pass(1_000);
  assert.equal(small.sent(), 1);
  assert.ok(!small.sender.busy, "and not any more once it has");
  small.sender.look(chatId);
  assert.equal(small.delays[0].afterMs, 10_000);
});

Deno.test("CONVERSATIONS: a profile is told where it is news, and where it may be told", () => {
  const told = { v: 7, channel: chatId, epoch: 3 };
  const isDue = (change: Partial<ConversationRecord>, accounts = 2) => senderIn(accounts, change).delays.length === 1;
  assert.ok(isDue({}));
  assert.ok(isDue({ profileTold: { ...told, v: 6 } }));
  assert.ok(!isDue({ profileTold: told }));
  assert.ok(
    isDue({ profileTold: told, devices: [{ channel: chatId, n: 4, devices: ["bb"] }] }),
    "a device came after it",
  );
  assert.ok(!isDue({ features: ["receipts"] }));
  assert.ok(!isDue({ invitation: true }));
  assert.ok(!isDue({ leaving: true }));
  assert.ok(!isDue({}, 1));
  assert.ok(!isDue({ kind: "direct", peer: { username: "b", accountKey: "blocked" } }));
  assert.ok(isDue({ kind: "direct", peer: { username: "b", accountKey: "1" } }));
  assert.ok(!isDue({ standing: { kind: "left" } }));
});
