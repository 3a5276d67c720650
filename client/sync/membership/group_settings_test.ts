import assert from "node:assert/strict";
import type { Committer } from "../commits/committer.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { GroupSettings } from "./group_settings.ts";

/** Settings of a chat of two with this data, in which a leaf does not name "group-data", and what was committed. */
function settingsOf(data: ConversationRecord["data"]) {
  const record = { kind: "direct", standing: { kind: "member" }, members: [], features: ["changes"], data };
  const conversations = { get: () => ({ record }) };
  const plans: unknown[] = [];
  const committer = {
    commit: (_chatId: string, plan: () => unknown) => Promise.resolve(void plans.push(plan())),
  };
  const settings = new GroupSettings(
    { conversations, ownKey: "a" } as unknown as SyncContext,
    committer as unknown as Committer,
  );
  return { settings, plans };
}

Deno.test("CONVERSATIONS: a member that takes the feature out of its leaf does not keep a timer on", async () => {
  const { settings, plans } = settingsOf({ timerMs: 60_000 });
  await assert.rejects(settings.setTimer("c", 30_000), /L044/);
  await settings.setTimer("c", undefined);
  assert.deepEqual(plans, [{ purpose: "info", add: [], remove: [], data: { timerMs: null } }]);
});

Deno.test("CONVERSATIONS: other data of a group stays as it is while a leaf does not name the feature", async () => {
  const { settings, plans } = settingsOf({ timerMs: 60_000, description: "ours" });
  await assert.rejects(settings.setTimer("c", undefined), /L044/);
  await assert.rejects(settingsOf(undefined).settings.setTimer("c", undefined), /L044/);
  assert.deepEqual(plans, []);
});
