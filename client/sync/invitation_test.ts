import assert from "node:assert/strict";
import { suite } from "./testing/person.ts";

suite("who may bring this account into a group", {
  "GRP-7.5: a group from an account that this one never talked to is an invitation until accepted, and from then on no more": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const first = await anna.engine.startChat([bert.username], "first");
    await bert.sees(first, ({ invitation }) => invitation);
    const second = await anna.engine.startChat([bert.username], "second");
    await bert.sees(second, ({ invitation }) => invitation);
    await bert.engine.acceptInvitation(first);
    const third = await anna.engine.startChat([bert.username], "third");
    assert.equal((await bert.sees(third)).invitation, false);
    assert.equal((await bert.chat(second))!.invitation, true, "each is asked about by itself");
  },
});
