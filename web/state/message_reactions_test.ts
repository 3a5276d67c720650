import assert from "node:assert/strict";
import { reactionsBySign } from "./message_reactions.ts";

Deno.test("reactionsBySign() makes one entry a sign, and counts each sender once", () => {
  const reaction = (text: string, sender: string) => ({ id: "", sender, senderKey: `key of ${sender}`, text });
  const [anna, bert] = ["anna", "bert"];
  const reactions = [reaction("👍", anna), reaction("🎉", bert), reaction("👍", bert), reaction("👍", anna)];
  const of = (sender: string) => ({ sender, senderKey: `key of ${sender}` });
  assert.deepEqual(reactionsBySign(reactions, "key of bert"), [
    { sign: "👍", senders: [of("anna"), of("bert")], own: true },
    { sign: "🎉", senders: [of("bert")], own: true },
  ]);
  assert.deepEqual(reactionsBySign(reactions, "").map(({ own }) => own), [false, false]);
  assert.deepEqual(reactionsBySign([], ""), []);
});

Deno.test("CONVERSATIONS: 10,000 reactions of as many accounts are grouped at once", () => {
  const reactions = Array.from({ length: 10_000 }, (_, index) => ({
    id: "",
    sender: `reader-${index}`,
    senderKey: `${index}`,
    text: `${index % 100}`,
  }));
  const signs = reactionsBySign(reactions, "7");
  assert.equal(signs.length, 100);
  assert.ok(signs.every(({ senders }) => senders.length === 100));
  assert.deepEqual(signs.filter(({ own }) => own).map(({ sign }) => sign), ["7"]);
});
