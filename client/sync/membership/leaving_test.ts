import assert from "node:assert/strict";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { Leaving } from "./leaving.ts";

Deno.test("leave() of a device that can not follow drops its waiting commit, which would be sent later", async () => {
  const record = {
    standing: { kind: "out-of-step", desync: { code: "fork", epoch: 3, need: "readd" } },
    leaving: true,
    members: [],
  } as unknown as ConversationRecord;
  const did: string[] = [];
  const conversation = {
    id: "07",
    record,
    notice: (kind: string) => did.push(kind),
    end: () => did.push("end"),
    set: () => {},
    setPending: (pending: unknown) => did.push(`pending ${pending}`),
  };
  const context = {
    account: { username: "anna", clock: { now: () => 0 } },
    conversations: {
      get: () => ({ record }),
      update: (work: (unit: unknown) => Promise<void>) =>
        work({ conversation: () => Promise.resolve(conversation), onceStored: (run: () => void) => run() }),
    },
    events: { emit: (event: string) => did.push(event) },
  } as unknown as SyncContext;
  await new Leaving(context, {} as never, {} as never).leave("07");
  assert.deepEqual(did, ["left", "end", "pending undefined", "ended", "leftUnseen"]);
});
