import assert from "node:assert/strict";
import { type Bytes, fromHex, utf8 } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { EngineEvent } from "../api/engine_api.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const typings = (person: Person) =>
  person.events.filter((event): event is Extract<EngineEvent, { kind: "typing" }> => event.kind === "typing");

suite("what is gone in a moment", {
  "typing is told to those who are there, once in a few seconds, and leaves nothing behind": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "typed");
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    for (let key = 0; key < 5; key++) await anna.engine.typing(chatId);
    await bert.until(() => typings(bert).length > 0, "the event");
    assert.deepEqual(typings(bert), [{ kind: "typing", chatId, username: anna.username }]);
    assert.deepEqual(tap.of("publish").map(({ ephemeral }) => ephemeral), [true]);
    assert.deepEqual(await bert.items(chatId), (await bert.items(chatId)).filter(({ kind }) => kind === "notice"));
    await anna.says(chatId, "written");
    await bert.hears(chatId, anna.username, ["written"]);
    await bert.crash();
    await bert.connected();
    bert.events = [];
    await anna.says(chatId, "again");
    await bert.hears(chatId, anna.username, ["written", "again"]);
    assert.deepEqual(typings(bert), [], "nothing was stored");
  },

  "an invitation that is not accepted, and a chat that is over, tell nothing": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "quiet");
    await bert.sees(chatId);
    await bert.engine.typing(chatId);
    await anna.says(chatId, "hello");
    await bert.says(chatId, "hello");
    await anna.hears(chatId, bert.username, ["hello"]);
    await anna.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    await bert.engine.typing(chatId);
    assert.deepEqual(typings(anna), []);
  },

  "payloads that are older than 30 s, forged, or of another kind are dropped without a word": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "stale");
    await bert.sees(chatId);
    const { rpc, mls, state } = await takeOver(core, bert, chatId);
    const publish = async (envelope: Bytes, messageId: Bytes) =>
      void await rpc.call(delivery.publish, {
        channelId: fromHex(chatId),
        epoch: 1,
        messageId,
        envelope,
        ephemeral: true,
      });
    const seal = async (content: Uint8Array, nowMs: number) => {
      const messageId = random(16);
      await publish(await mls.sealEphemeral(state, { messageId, content, nowMs }), messageId);
    };
    await seal(utf8("typing"), Date.now() - 31_000);
    await seal(utf8("typing"), Date.now() + 31_000);
    await seal(utf8("something else"), Date.now());
    await publish(random(300), random(16));
    await seal(utf8("typing"), Date.now());
    await anna.until(() => typings(anna).length > 0, "the one that is good");
    assert.equal(typings(anna).length, 1);
    assert.deepEqual([(await anna.notices(chatId)).length, anna.problems.length], [1, 0]);
  },
});
