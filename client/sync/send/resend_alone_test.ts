import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import { generateEd25519 } from "../../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import type { Member } from "../../mls/group.ts";
import type { OutboxRecord } from "../conversation/outbox_record.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { ResendAlone } from "./resend_alone.ts";

const chatId = "07".repeat(32);

Deno.test("PEOPLE A3: look() asks a device whose queue is full once, and leaves out what is too large", async () => {
  const { publicKey: recipientKey, seed: deviceSeed } = await generateEd25519();
  const members = [1, 2].map((device) => ({
    recipientKey: new Uint8Array(32).fill(device),
    credential: { accountKey: new Uint8Array(32), deviceId: new Uint8Array(16) },
  })) as unknown as Member[];
  const held = [100_000, 20, 20, 20].map((bytes, index): OutboxRecord => ({
    chatId,
    messageId: index.toString(16).padStart(32, "0"),
    order: `${index}`,
    kind: "message",
    content: new Uint8Array(bytes),
    firstSent: { channel: chatId, epoch: 1 },
  }));
  const devices = [{ channel: chatId, n: 1, devices: members.map(({ recipientKey }) => toHex(recipientKey)) }];
  const calls: number[] = [];
  const context = {
    account: {
      recipientKey,
      deviceSeed,
      clock: { now: () => 0 },
      directory: { byKey: () => Promise.resolve(undefined) },
    },
    conversations: {
      get: () => ({ record: { channelId: fromHex(chatId), epoch: 1, standing: { kind: "member" }, devices } }),
      withState: () => Promise.resolve({}),
      update: (work: (unit: unknown) => Promise<unknown>) =>
        work({ conversation: () => Promise.resolve({ storageId: fromHex(chatId) }), put: () => {} }),
    },
    mls: { members: () => members, sealGiven: () => Promise.resolve(new Uint8Array(10)) },
    environment: { after: () => () => {} },
    rpc: {
      call: (_method: unknown, { recipientKey: to }: { recipientKey: Uint8Array }) => {
        calls.push(to[0]);
        return to[0] === 2 ? Promise.reject(new WireError(ErrorCode.queueFull, "full")) : Promise.resolve({});
      },
    },
  } as unknown as SyncContext;
  const alone = new ResendAlone(context, {
    held: () => held,
    lineChanged: () => {},
    maySend: () => Promise.resolve(true),
  });
  await alone.look(chatId);
  assert.deepEqual(calls.sort(), [1, 1, 1, 2]);
  const [both, second] = [devices[0].devices, [devices[0].devices[1]]];
  assert.deepEqual(held.map(({ toGive }) => toGive), [both, second, second, second]);
  alone.close();
});
