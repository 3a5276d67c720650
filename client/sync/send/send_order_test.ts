import assert from "node:assert/strict";
import type { OutboxRecord } from "../conversation/outbox_record.ts";
import { isNextToSeal, maxInFlight, maxInFlightBytes, nextTurn } from "./send_order.ts";

const chatId = "07".repeat(32);
const place = { id: chatId, record: { epoch: 5, channelId: new Uint8Array(32).fill(7) } };

interface Sealed {
  epoch: number;
  generation?: number;
  channel?: string;
  bytes?: number;
}

let made = 0;
function waiting(sealed?: Sealed, kind: OutboxRecord["kind"] = "message"): OutboxRecord {
  const { bytes = 100, ...rest } = sealed ?? { epoch: 0 };
  return {
    chatId,
    messageId: "",
    order: String(made++),
    kind,
    content: new Uint8Array(),
    ...(sealed && { sealed: { ...rest, envelope: new Uint8Array(bytes) } }),
  };
}

/** The places in the queue of what comes next, and what is done to it. */
function turnOf(queue: OutboxRecord[], tried: OutboxRecord[] = []): [string, number[]] | undefined {
  const turn = nextTurn(queue, place, (record) => tried.includes(record));
  return turn && [turn.kind, turn.records.map((record) => queue.indexOf(record))];
}

const now = (generation?: number, bytes?: number) => waiting({ epoch: 5, generation, bytes });

Deno.test("GRP-6.7: what is sealed in the present epoch leaves first, by generation", () => {
  assert.deepEqual(turnOf([now(3), now(4), waiting(), now(1), now(2)]), ["publish", [3, 4, 0, 1]]);
  // A message that is sent again stands before the waiting ones, as one does that has failed, after a restart.
  assert.deepEqual(turnOf([waiting(), now(0), now(1)]), ["publish", [1, 2]]);
  assert.deepEqual(turnOf([now(9), now(), now()]), ["publish", [1, 2, 0]], "an earlier version stored no generations");
});

Deno.test("GRP-6.7: a new message is sealed if all before it are, for the present epoch and channel", () => {
  assert.equal(isNextToSeal([], place), true);
  assert.equal(isNextToSeal([now(0), now(1)], place), true);
  const others: (Sealed | undefined)[] = [undefined, { epoch: 4 }, { epoch: 6 }, {
    epoch: 5,
    channel: "ee".repeat(32),
  }];
  for (const sealed of others) assert.equal(isNextToSeal([now(0), waiting(sealed)], place), false);
});

Deno.test("nextTurn() seals what is of an older epoch or a left channel, if the server can not have it", () => {
  const [old, left] = [waiting({ epoch: 4 }), waiting({ epoch: 5, channel: "ee".repeat(32) })];
  assert.deepEqual(turnOf([old, waiting(), left]), ["seal", [0, 1, 2]]);
  assert.deepEqual(turnOf([old, waiting()], [old]), ["publish", [0]]);
  assert.deepEqual(turnOf([waiting(), old], [old]), ["seal", [0]], "what stands behind it comes later");
  assert.deepEqual(turnOf([left], [left]), ["seal", [0]], "an answer about a left channel does not count");
  assert.equal(turnOf([]), undefined);
});

Deno.test("nextTurn() puts a request to leave behind all messages: behind it none can be sealed in its epoch", () => {
  const leave = waiting({ epoch: 5 }, "leave");
  assert.deepEqual(turnOf([leave, waiting()]), ["seal", [1]]);
  assert.deepEqual(turnOf([leave, now(0)]), ["publish", [1, 0]]);
  assert.deepEqual(turnOf([waiting(undefined, "leave"), waiting()]), ["seal", [1, 0]]);
});

Deno.test("PEOPLE B0: at most 16 messages of a chat, and as many as fit into a call, are in flight", () => {
  const many = Array.from({ length: 40 }, (_, generation) => now(generation));
  const first = Array.from({ length: maxInFlight }, (_, index) => index);
  assert.deepEqual(turnOf(many), ["publish", first]);
  assert.deepEqual(turnOf(many.map(() => waiting())), ["seal", first]);
  const third = Math.floor(maxInFlightBytes / 3);
  const large = [0, 1, 2, 3].map((generation) => now(generation, third));
  assert.deepEqual(turnOf(large), ["publish", [0, 1, 2]]);
  assert.deepEqual(turnOf([now(0, 2 * maxInFlightBytes), now(1)]), ["publish", [0]]);
});
