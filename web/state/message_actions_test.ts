import assert from "node:assert/strict";
import type { MessageItem } from "../../client/api/engine_api.ts";
import { actionsOf, lastEditable } from "./message_actions.ts";
import { optimisticOrder } from "./timeline_items.ts";

const everything = { open: true, changes: true, polls: true };
const item = (fields: Partial<MessageItem> = {}): MessageItem => ({
  kind: "message",
  messageId: "01".repeat(16),
  order: "000001",
  sender: "anna",
  senderKey: "aa".repeat(32),
  own: false,
  text: "hello",
  atMs: 0,
  state: "received",
  ...fields,
} as MessageItem);
const own = (fields: Partial<MessageItem> = {}) => item({ own: true, state: "sent", ...fields });

Deno.test("CONVERSATIONS: a message of somebody else can be answered, forwarded and deleted here, not changed", () => {
  assert.deepEqual(actionsOf(item(), everything), ["reply", "react", "forward", "copy", "link", "info", "delete-me"]);
});

Deno.test("CONVERSATIONS: an own message can be edited and deleted for everyone once it is sent", () => {
  const all = ["reply", "react", "forward", "copy", "link", "edit", "info", "delete-me", "delete-everyone"];
  assert.deepEqual(actionsOf(own(), everything), all);
  assert.deepEqual(actionsOf(own({ state: "waiting" }), everything), ["forward", "copy", "info", "delete-me"]);
  assert.deepEqual(actionsOf(own({ state: "failed" }), everything), ["forward", "copy", "info", "delete-me"]);
});

Deno.test("CONVERSATIONS: nothing is offered that would fail beside an older device, or in an ended chat", () => {
  const older = actionsOf(own(), { open: true, changes: false, polls: false });
  assert.deepEqual(older, ["reply", "forward", "copy", "link", "info", "delete-me"]);
  assert.deepEqual(actionsOf(own(), { ...everything, open: false }), ["forward", "copy", "link", "info", "delete-me"]);
});

Deno.test("CONVERSATIONS: what has no text can not be copied, forwarded or edited", () => {
  const rest = ["link", "info", "delete-me"];
  assert.deepEqual(actionsOf(own({ text: "", deleted: true }), everything), rest);
  for (
    const fields of [{ text: "[image/png]", unsupported: true as const }, { text: "\u2800", blank: true as const }]
  ) {
    assert.deepEqual(actionsOf(own(fields), everything), ["reply", "react", ...rest, "delete-everyone"]);
  }
});

Deno.test("CONVERSATIONS: a file without a text can be forwarded, unless it is gone or was not sent", () => {
  const attachments = [{ name: "a.png", type: "image/png", kind: "image" as const, size: 1 }];
  assert.ok(actionsOf(item({ text: "", attachments }), everything).includes("forward"));
  assert.ok(!actionsOf(item({ text: "", attachments }), everything).includes("copy"));
  assert.ok(!actionsOf(own({ text: "", attachments, state: "failed" }), everything).includes("forward"));
  assert.ok(!actionsOf(item({ text: "", attachments, deleted: true }), everything).includes("forward"));
});

Deno.test("CONVERSATIONS: its author ends a poll once, and nobody edits one", () => {
  const poll = { options: ["a", "b"], votes: [] };
  assert.ok(actionsOf(own({ poll }), everything).includes("end-poll"));
  assert.ok(!actionsOf(own({ poll }), everything).includes("edit"));
  assert.ok(!actionsOf(own({ poll: { ...poll, ended: true } }), everything).includes("end-poll"));
  assert.ok(!actionsOf(item({ poll }), everything).includes("end-poll"));
});

Deno.test("CONVERSATIONS: a message that the engine does not have yet can be copied alone", () => {
  assert.deepEqual(actionsOf(own({ order: optimisticOrder(1), state: "waiting" }), everything), ["copy"]);
});

Deno.test("CONVERSATIONS: the newest own message that can be edited is found", () => {
  const items = [own({ text: "first" }), own({ text: "second" }), own({ text: "", deleted: true }), item()];
  assert.equal(lastEditable(items, everything)?.text, "second");
  assert.equal(lastEditable([item()], everything), undefined);
});
