import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import { generateEd25519 } from "../../../schema/ed25519.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { Member } from "../../mls/group.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import { keys } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessageOf } from "../device_messages/device_messages.ts";
import { give } from "../device_messages/given.ts";
import { GivingAgain } from "./giving_again.ts";

const chatId = "07".repeat(32);
const channelId = fromHex(chatId);
const ownKey = "0a".repeat(32);
const salt = new Uint8Array(16);

/** A device that has sent messages 1 to 20 to the devices 1 and 2. `given`: how many contents went to which. */
async function sender(mayGive = true) {
  const { publicKey: recipientKey, seed: deviceSeed } = await generateEd25519();
  const time = { nowMs: 0 };
  const given: number[] = [];
  const members = [1, 2].map((device) => ({
    recipientKey: new Uint8Array(32).fill(device),
    credential: { accountKey: new Uint8Array(32).fill(device), deviceId: new Uint8Array(16) },
  })) as unknown as Member[];
  const record = { channelId, firstChannelId: channelId, epoch: 1, standing: { kind: "member" } };
  const context = {
    ownKey,
    account: { recipientKey, deviceSeed, directory: { byKey: () => Promise.resolve(undefined) } },
    conversations: {
      get: () => ({ record }),
      withState: () => Promise.resolve({ active: true }),
    },
    mls: { members: () => members, sealGiven: () => Promise.resolve(new Uint8Array(10)) },
    environment: { now: () => time.nowMs },
    store: {
      get: (store: string, key: string) => {
        if (store === "messageids" && key.startsWith(keys.seen(chatId, ownKey, ""))) {
          return Promise.resolve({ order: key.slice(-32), atMs: 0 });
        }
        const line: Partial<MessageLine> = {
          kind: "message",
          messageId: key.slice(-32),
          own: true,
          content: new Uint8Array(20),
          sentIn: { epoch: 1, salt },
        };
        return Promise.resolve(store === "messages" ? line : undefined);
      },
    },
    rpc: {
      call: (method: unknown, { recipientKey: to }: { recipientKey: Uint8Array }) => {
        assert.equal(method, delivery.enqueue);
        given.push(to[0]);
        return Promise.resolve({});
      },
    },
  } as unknown as SyncContext;
  const giving = new GivingAgain(context, () => Promise.resolve(mayGive));
  const asks = async (device: number, ...messages: number[]) => {
    for (const message of messages) {
      const from = new Uint8Array(32).fill(device);
      const messageId = new Uint8Array(16).fill(message);
      const content = { kind: "again" as const, n: 1, commitId: new Uint8Array(), messageId };
      await giving.answer(chatId, { channelId, from, to: recipientKey, content } as DeviceMessageOf<"again">);
    }
    return given.filter((to) => to === device).length;
  };
  return { context, members, time, asks };
}

Deno.test("GivingAgain.answer() looks at 10 requests of a device in an hour, and gives a message twice", async () => {
  const { time, asks } = await sender();
  assert.equal(await asks(1, 1, 1, 1), 2);
  assert.equal(await asks(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 10);
  assert.equal(await asks(2, 1), 1);
  time.nowMs = 3_599_999;
  assert.equal(await asks(1, 12), 10);
  time.nowMs++;
  assert.equal(await asks(1, 12), 11);
});

Deno.test("GivingAgain.answer() gives nothing to who is no member, or while nothing may be sent", async () => {
  assert.equal(await (await sender()).asks(3, 1), 0);
  assert.equal(await (await sender(false)).asks(1, 1), 0);
});

Deno.test("give() leaves out what is too large for a device message", async () => {
  const { context, members } = await sender();
  const message = (bytes: number) => ({
    messageId: "01".repeat(16),
    sent: { channel: toHex(channelId), epoch: 1 },
    content: new Uint8Array(bytes),
  });
  assert.equal(await give(context, { channelId }, members[0], message(48 * 1024)), true);
  assert.equal(await give(context, { channelId }, members[0], message(48 * 1024 + 1)), false);
});
