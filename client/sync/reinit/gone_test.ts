import assert from "node:assert/strict";
import type { SyncContext } from "../conversation/sync_context.ts";
import { guideOf } from "./gone.ts";

const bytes = (byte: number) => new Uint8Array(32).fill(byte);
const hex = (byte: number) => byte.toString(16).padStart(2, "0").repeat(32);
const [present, other, next] = [1, 2, 3].map(bytes);
const [admin, member] = [8, 9];

Deno.test("guideOf() is an admin here whose own group has left the present channel", async () => {
  const list = { revoked: [] as Uint8Array[] };
  const context = {
    account: { directory: { byKey: () => Promise.resolve({ devices: list }) } },
  } as unknown as SyncContext;
  const record = {
    channelId: present,
    members: [
      { username: "anna", accountKey: hex(admin), role: "admin" as const },
      { username: "bert", accountKey: hex(member), role: "member" as const },
    ],
  };
  const adder = (account: number, recipientKey = bytes(6)) =>
    ({ credential: { accountKey: bytes(account), deviceId: bytes(5), recipientKey } }) as unknown as Parameters<
      typeof guideOf
    >[3];
  assert.equal(await guideOf(context, record, next, adder(admin), [other, present]), hex(admin));
  assert.equal(await guideOf(context, record, next, adder(admin), [other]), undefined, "it has not been here");
  assert.equal(await guideOf(context, record, next, adder(member), [present]), undefined, "a member's word");
  const told = { ...record, gone: { channelId: hex(3), accountKey: hex(admin), n: 4 } };
  assert.equal(await guideOf(context, told, next, adder(member), []), hex(admin), "an admin has said so before");
  assert.equal(await guideOf(context, told, other, adder(member), []), undefined, "that was another channel");
  list.revoked = [bytes(5)];
  assert.equal(await guideOf(context, record, next, adder(admin), [present]), undefined, "a revoked device");
});
