import assert from "node:assert/strict";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Membership } from "./membership.ts";
import { OthersAdditions } from "./others_additions.ts";

const own = "aa".repeat(32);

/** @param adding fields that another part sets while a person is added @returns who was added, and what is left */
async function repeated(fields: Partial<ConversationRecord>, adding: Partial<ConversationRecord> = {}) {
  let record = {
    standing: { kind: "member" },
    channelId: new Uint8Array(32),
    invitation: false,
    members: [{ username: "anna", accountKey: own, role: "admin" }],
    movedMs: 1,
    redo: { add: [], remove: [], others: ["bert"] },
    ...fields,
  } as unknown as ConversationRecord;
  const set = (fields: Partial<ConversationRecord>) => record = { ...record, ...fields };
  const conversation = {
    get record() {
      return record;
    },
    set,
  };
  const timers: (() => void)[] = [];
  const context = {
    account: { clock: { now: () => 2 }, recipientKey: new Uint8Array(32) },
    conversations: {
      get: () => ({ record }),
      withState: () => Promise.resolve({ active: true }),
      update: (work: (unit: unknown) => Promise<void>) => work({ conversation: () => Promise.resolve(conversation) }),
    },
    mls: { members: () => [{ role: "admin", recipientKey: new Uint8Array(32) }] },
    environment: {
      random: () => 0,
      after: (_ms: number, run: () => void) => {
        timers.push(run);
        return () => {};
      },
    },
    ownKey: own,
  };
  const added: string[] = [];
  const membership = {
    addPeople: (_chatId: string, names: string[]) => {
      added.push(...names);
      set(adding);
      return Promise.resolve();
    },
  };
  const additions = new OthersAdditions(context as unknown as SyncContext, membership as unknown as Membership);
  additions.look("07");
  for (let run; (run = timers.shift());) run();
  for (let turns = 0; additions.busy && turns < 100; turns++) await new Promise((resolve) => setTimeout(resolve));
  return { added, others: record.redo?.others };
}

Deno.test("PEOPLE B0: OthersAdditions repeats what others had added, and a further move has its own list", async () => {
  assert.deepEqual(await repeated({}), { added: ["bert"], others: undefined });
  const again = { movedMs: 2, redo: { add: [], remove: [], others: ["bert", "carl"] } };
  assert.deepEqual(await repeated({}, again), { added: ["bert"], others: ["bert", "carl"] });
});

Deno.test("PEOPLE B1: OthersAdditions adds nobody to a group that this device's user has not taken", async () => {
  assert.deepEqual(await repeated({ invitation: true }), { added: [], others: undefined });
});
