import assert from "node:assert/strict";
import type { Reaction } from "../../api/engine_api.ts";
import { container, textBody } from "../body.ts";
import { Disposition, type NestedPart } from "../mimi_content.ts";
import { anna, bert, example, lineOfAnna, messageId, received, salt, signOf } from "../testing/lines.ts";
import { maxReactionsOfAccount, reactionKind } from "./reaction.ts";

const inReplyTo = messageId(3);
const reactionOf = (text: string): Reaction => ({ ...signOf(bert), text });
const read = (body: NestedPart) => reactionKind.read(received(container(salt, body, { inReplyTo })));

Deno.test("reactionKind.read() gives back what write() wrote, of one sign and of several", () => {
  for (const texts of [["👍"], ["👩🏽‍❤️‍💋‍👨🏿", "🥳"]]) {
    assert.deepEqual(reactionKind.read(received(reactionKind.write({ texts, inReplyTo }, salt))), { texts, inReplyTo });
  }
  const heart = example("reaction");
  if (heart) assert.deepEqual(reactionKind.read(heart)!.texts, ["❤"]);
});

Deno.test("reactionKind.read() leaves what is no short line of text, or is about no message, to other kinds", () => {
  const sign = textBody("👍", Disposition.reaction);
  for (const text of ["", " ", "a\nb", "x".repeat(65)]) {
    assert.equal(read(textBody(text, Disposition.reaction)), undefined);
  }
  assert.equal(read({ ...sign, contentType: "image/png" } as NestedPart), undefined);
  assert.equal(read({ ...sign, disposition: Disposition.render }), undefined);
  assert.equal(reactionKind.read(received(container(salt, sign))), undefined);
});

Deno.test("reactionKind.apply() puts the sign on its message's line, without a line of its own", () => {
  const before = { text: "hi", edited: true as const };
  assert.deepEqual(reactionKind.apply({ texts: ["👍"], inReplyTo }, bert, lineOfAnna(before)), {
    kind: "change",
    content: { ...before, reactions: [reactionOf("👍")] },
    partId: bert.id,
  });
  assert.equal(reactionKind.countsAsUnread, false);
});

Deno.test("reactionKind.apply() waits for a message that is not known, and leaves a deleted one alone", () => {
  assert.deepEqual(reactionKind.apply({ texts: ["👍"], inReplyTo }, bert, undefined), { kind: "wait" });
  const deleted = lineOfAnna({ text: "", deleted: true });
  assert.deepEqual(reactionKind.apply({ texts: ["👍"], inReplyTo }, bert, deleted), { kind: "nothing" });
  const reaction = lineOfAnna({ text: "hi", reactions: [reactionOf("👍")] }, bert.id);
  assert.deepEqual(reactionKind.apply({ texts: ["👍"], inReplyTo }, bert, reaction), { kind: "nothing" });
});

Deno.test("reactionKind.apply() keeps a bounded number of signs of one account, and all accounts' signs", () => {
  const full = Array.from({ length: maxReactionsOfAccount }, () => reactionOf("👍"));
  const line = lineOfAnna({ text: "hi", reactions: full });
  assert.deepEqual(reactionKind.apply({ texts: ["🥳"], inReplyTo }, bert, line), { kind: "nothing" });
  const carl = { id: "01".padEnd(64, "c"), sender: "carl", senderKey: "cc".repeat(32), atMs: 1 };
  const effect = reactionKind.apply({ texts: ["🥳"], inReplyTo }, carl, line);
  assert.equal(effect.kind === "change" && effect.content.reactions!.length, maxReactionsOfAccount + 1);
});

Deno.test("reactionKind.apply() keeps each sign of an account once", () => {
  const given = [{ ...signOf(anna), text: "🎉" }, reactionOf("👍")];
  const effect = reactionKind.apply(
    { texts: ["🥳", "👍", "🥳", "🎉"], inReplyTo },
    bert,
    lineOfAnna({ text: "hi", reactions: given }),
  );
  const reactions = [...given, reactionOf("🥳"), reactionOf("🎉")];
  assert.deepEqual(effect, { kind: "change", content: { text: "hi", reactions }, partId: bert.id });
  const again = reactionKind.apply({ texts: ["👍"], inReplyTo }, bert, lineOfAnna({ text: "hi", reactions: given }));
  assert.deepEqual(again, { kind: "nothing" });
});
