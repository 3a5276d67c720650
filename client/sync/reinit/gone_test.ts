import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { toldGone, vouchingAdmin } from "./gone.ts";

const bytes = (byte: number) => new Uint8Array(32).fill(byte);
const hex = (byte: number) => byte.toString(16).padStart(2, "0").repeat(32);
const [present, other, next] = [1, 2, 3].map(bytes);
const [admin, member] = [8, 9];

Deno.test("vouchingAdmin() is an admin here whose own group has left the present channel", async () => {
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
      typeof vouchingAdmin
    >[3];
  assert.equal(await vouchingAdmin(context, record, next, adder(admin), [other, present]), hex(admin));
  assert.equal(await vouchingAdmin(context, record, next, adder(admin), [other]), undefined, "it has not been here");
  assert.equal(await vouchingAdmin(context, record, next, adder(member), [present]), undefined, "a member's word");
  const told = { ...record, gone: { channelId: hex(3), accountKey: hex(admin), n: 4 } };
  assert.equal(await vouchingAdmin(context, told, next, adder(member), []), hex(admin), "an admin has said so before");
  assert.equal(await vouchingAdmin(context, told, other, adder(member), []), undefined, "that was another channel");
  list.revoked = [bytes(5)];
  assert.equal(await vouchingAdmin(context, record, next, adder(admin), [present]), undefined, "a revoked device");
});

Deno.test("toldGone() believes an admin alone, in the present channel, and of no channel of another chat", async () => {
  const from = bytes(6);
  const listed = (accountKey: Uint8Array) => ({
    devices: {
      devices: toHex(accountKey) === hex(admin) ? [{ deviceId: bytes(5), recipientKey: from }] : [],
      revoked: [],
    },
  });
  const told = async (role: "admin" | "member", { to = next, channelId = present, other = "" } = {}) => {
    const set: Partial<ConversationRecord>[] = [];
    const record = {
      channelId: present,
      standing: { kind: "member" },
      members: [{ username: "anna", accountKey: hex(admin), role }],
    };
    const conversation = { id: "07", record, notice: () => {}, set: (fields: ConversationRecord) => set.push(fields) };
    const unit = {
      chatOf: () => other || toHex(to),
      chatThatLeft: () => undefined,
      conversation: (id: string) => Promise.resolve(id === "07" || id === other ? conversation : undefined),
    };
    const context = {
      account: { clock: { now: () => 0 }, directory: { byKey: (key: Uint8Array) => Promise.resolve(listed(key)) } },
      conversations: {
        get: () => ({ record }),
        withState: () => Promise.resolve(undefined),
        update: (work: (unit: unknown) => Promise<boolean>) => work(unit),
      },
      ownKey: hex(member),
    } as unknown as SyncContext;
    const content = { kind: "gone" as const, n: 4, commitId: new Uint8Array(), channelId: to };
    const counts = await toldGone(context, "07", { channelId, from, to: bytes(4), content });
    assert.equal(counts, set.length > 0);
    return set[0]?.gone;
  };
  assert.deepEqual(await told("admin"), { channelId: hex(3), accountKey: hex(admin), n: 4 });
  assert.equal(await told("member"), undefined);
  assert.equal(await told("admin", { channelId: other }), undefined, "said in another channel");
  assert.equal(await told("admin", { to: present }), undefined, "it is there");
  assert.equal(await told("admin", { other: "08" }), undefined, "a channel of another chat");
});
