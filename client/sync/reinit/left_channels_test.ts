import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { generateEd25519 } from "../../crypto/ed25519.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { LeftChannels } from "./left_channels.ts";

const key = (first: number, second = 0) => new Uint8Array([first, second, ...new Uint8Array(30)]);
const [present, left] = [key(1), key(2)];
const dayMs = 24 * 3_600_000;

/** A group of an admin's device and another, and a left channel in which the server lists these, and more. */
async function group(role: "admin" | "member", more: number) {
  const own = await generateEd25519();
  const members = [own.publicKey, key(9)].map((recipientKey) => ({ recipientKey, role }));
  const waiting: (() => void)[] = [];
  const told: string[] = [];
  let nowMs = dayMs;
  const record = {
    channelId: present,
    earlier: [toHex(left)],
    leftIn: [{ channelId: toHex(left), epoch: 7 }],
    movedMs: nowMs,
    standing: { kind: "member" },
    members: [{ username: "anna", accountKey: "07", role }],
  };
  const environment = {
    random: () => 0,
    after: (_delayMs: number, run: () => void) => {
      waiting.push(run);
      return () => {};
    },
  };
  const context = {
    account: {
      recipientKey: own.publicKey,
      deviceSeed: own.seed,
      clock: { now: () => nowMs },
      directory: { byKey: () => Promise.resolve(undefined) },
    },
    conversations: { get: () => ({ record }), withState: () => Promise.resolve({ active: true }) },
    mls: { members: () => members },
    ownKey: "07",
    environment,
    rpc: {
      call: ({ name }: { name: string }, { recipientKey }: { recipientKey: Uint8Array }) => {
        if (name === "enqueue") told.push(toHex(recipientKey));
        const listed = [...members.map((member) => member.recipientKey)];
        for (let n = 0; n < more; n++) listed.push(key(8, n));
        return Promise.resolve({ epoch: 7, members: listed });
      },
    },
  } as unknown as SyncContext;
  const channels = new LeftChannels(context);
  return {
    channels,
    told,
    passMs: (ms: number) => nowMs += ms,
    /** Lets timers run out, until so many are told in all. */
    run: async (count: number) => {
      const untilMs = Date.now() + 20_000;
      for (let quiet = 0; quiet < 5 || (told.length < count && Date.now() < untilMs); quiet++) {
        if (waiting.length > 0) quiet = 0;
        waiting.shift()?.();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

Deno.test("moved() tells 32 devices of a left channel that are not in the group, each once a day", async () => {
  const { channels, told, run, passMs } = await group("admin", 40);
  channels.moved("07");
  await run(32);
  assert.equal(told.length, 32);
  channels.used("07", toHex(left));
  await run(40);
  assert.equal(new Set(told).size, 40, "the others next time");
  assert.equal(told.length, 40);
  channels.used("07", toHex(left));
  await run(40);
  assert.equal(told.length, 40);
  passMs(dayMs);
  channels.used("07", toHex(left));
  await run(72);
  assert.equal(told.length, 72);
});

Deno.test("used() tells members, too, when the move was long ago, and nobody in another channel", async () => {
  const { channels, told, run, passMs } = await group("admin", 0);
  channels.used("07", toHex(left));
  await run(0);
  assert.deepEqual(told, []);
  passMs(11 * 60_000);
  channels.used("07", toHex(key(3)));
  await run(0);
  assert.deepEqual(told, []);
  channels.used("07", toHex(left));
  await run(1);
  assert.deepEqual(told, [toHex(key(9))]);
});

Deno.test("a device of a member who is no admin tells nobody: its word would not count", async () => {
  const { channels, told, run } = await group("member", 3);
  channels.moved("07");
  await run(0);
  assert.deepEqual(told, []);
});
