import assert from "node:assert/strict";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Membership } from "./membership.ts";
import { redoOwnChanges } from "./own_changes.ts";

type Redo = NonNullable<ConversationRecord["redo"]>;

/** @param adding what happens while a person is added: fields that another part sets, or an error */
async function redone(redo: Redo, adding: () => Partial<ConversationRecord>): Promise<Redo | undefined> {
  let record = { standing: { kind: "member" }, members: [], movedMs: 1, redo } as unknown as ConversationRecord;
  const set = (fields: Partial<ConversationRecord>) => record = { ...record, ...fields };
  const conversation = {
    get record() {
      return record;
    },
    set,
  };
  const context = {
    account: { clock: { now: () => 2 } },
    conversations: {
      get: () => ({ record }),
      update: (work: (unit: unknown) => Promise<void>) => work({ conversation: () => Promise.resolve(conversation) }),
    },
  };
  const membership = {
    addPeople: () => Promise.resolve().then(() => void set(adding())),
  };
  await redoOwnChanges(context as unknown as SyncContext, membership as unknown as Membership, "07");
  return record.redo;
}

Deno.test("redoOwnChanges() forgets what is done, and keeps what failed", async () => {
  assert.equal(await redone({ add: ["bert"], remove: [] }, () => ({})), undefined);
  const offline = () => {
    throw new EngineError({ code: LocalCode.offline, detail: "" });
  };
  assert.deepEqual(await redone({ add: ["bert"], remove: [] }, offline), { add: ["bert"], remove: [] });
});

Deno.test("PEOPLE B0: redoOwnChanges() keeps what another move undoes meanwhile, and what the user asks", async () => {
  const again = { add: ["bert", "carl"], remove: [], others: ["dora"] };
  assert.deepEqual(await redone({ add: ["bert"], remove: [] }, () => ({ movedMs: 2, redo: again })), again);
  assert.deepEqual(
    await redone({ add: ["bert"], remove: [] }, () => ({ redo: { add: ["bert"], remove: ["eve"] } })),
    { add: [], remove: ["eve"] },
  );
});
