import assert from "node:assert/strict";
import { reactionsBySign } from "./message_reactions.ts";

Deno.test("reactionsBySign() makes one entry a sign, and counts each sender once", () => {
  const reaction = (text: string, sender: string) => ({ id: "", sender, senderKey: "", text });
  const [anna, bert] = ["anna", "bert"];
  const reactions = [reaction("👍", anna), reaction("🎉", bert), reaction("👍", bert), reaction("👍", anna)];
  assert.deepEqual(reactionsBySign(reactions), [
    { sign: "👍", senders: ["anna", "bert"] },
    { sign: "🎉", senders: ["bert"] },
  ]);
  assert.deepEqual(reactionsBySign([]), []);
});
