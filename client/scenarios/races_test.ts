import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { joinAll } from "../testing/join_all.ts";
import { lose } from "../testing/lost_records.ts";
import { outsider } from "../testing/outsider.ts";
import { password, type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "group");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

suite("what happens in a group at the same time", {
  "GRP-4.5: one who was out, and whose Welcome back does not open, asks and is back in the same conversation": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    await anna.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    // No Welcome that is made for one of them opens.
    await lose(bert, "keypackages");
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.start();
    await bert.sees(chatId, ({ active }) => active);
    await anna.says(chatId, "back");
    await bert.hears(chatId, anna.username, ["back"]);
  },

  "GRP-4.5: one who was re-added and has renewed its keys since is not re-added again by the other whom it had asked":
    async ({ core, join }) => {
      const [anna, bert, carl, dora, eve] = await joinAll(join, "anna", "bert", "carl", "dora", "eve");
      const chatId = await group([anna, bert, carl]);
      await lose(bert, "epochs", chatId);
      const release = core.hold(await anna.recipientKey());
      let tried = false;
      carl.refuses = (method) => {
        tried ||= method === "commit";
        return method === "commit";
      };
      await bert.start();
      await carl.until(() => tried, "carl to try it");
      release();
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined")),
        "to be back",
      );
      await bert.engine.addPeople(chatId, [dora.username]);
      carl.refuses = () => false;
      // Its turn comes after what carl began before.
      await carl.engine.addPeople(chatId, [eve.username]);
      for (const person of [anna, bert, carl]) {
        await person.sees(chatId, ({ members }) => members.length === 5);
        assert.equal((await person.notices(chatId)).filter((notice) => notice.startsWith("rejoined")).length, 1);
      }
    },

  "a commit of one who is back in the group goes out, though the answer to one from before it was removed comes late":
    async ({ core, join }) => {
      const [anna, bert, dora, eve] = await joinAll(join, "anna", "bert", "dora", "eve");
      const chatId = await group([anna, bert]);
      const tap = new Wiretap();
      const answer = Promise.withResolvers<void>();
      let held = 0;
      tap.holdsAnswer = ({ method }) => method === "commit" && held++ === 0 ? answer.promise : undefined;
      bert.wrapTransport = tap.wrap;
      await bert.crash();
      await bert.connected();
      const release = core.hold(await bert.recipientKey());
      await anna.engine.removePerson(chatId, bert.username);
      const vain = bert.engine.addPeople(chatId, [dora.username]).then(() => "made", (error) => error.problem.code);
      await bert.until(() => held > 0, "the answer that bert is out");
      release();
      assert.equal(await vain, "L010");
      await anna.engine.addPeople(chatId, [bert.username]);
      await bert.sees(chatId, ({ active }) => active);
      const made = bert.engine.addPeople(chatId, [eve.username]);
      await bert.until(
        async () =>
          await new SealedStore(bert.storage.restarted(), bert.wrappingKey).get("pending", chatId) !== undefined,
        "the next commit",
      );
      answer.resolve();
      await made;
      await eve.sees(chatId);
    },

  "the last two who leave at the same time are both out": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    await Promise.all([anna, bert].map(({ engine }) => engine.leaveChat(chatId)));
    await Promise.all([anna, bert].map((person) => person.sees(chatId, ({ active }) => !active)));
  },

  "GRP-3.4: when both admins leave at the same time the longest-standing of the others is admin": async ({ join }) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await group([anna, bert, carl, dora]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [bert, carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    await Promise.all([anna, bert].map(({ engine }) => engine.leaveChat(chatId)));
    const heirs = await Promise.all(
      [carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.length === 2 && members.some(({ role }) => role === "admin"))
      ),
    );
    const heir = heirs[0].members.find(({ role }) => role === "admin")!.username;
    assert.deepEqual(
      heirs.map(({ members }) => members.filter(({ role }) => role === "admin").map(({ username }) => username)),
      [[heir], [heir]],
    );
    assert.ok((await carl.notices(chatId)).some((notice) => notice.startsWith("promoted") && notice.endsWith(heir)));
    await (heir === carl.username ? carl : dora).engine.renameChat(chatId, "Ours");
    await Promise.all([anna, bert].map((person) => person.sees(chatId, ({ active }) => !active)));
  },

  "one who leaves while it can not follow the group is out once it was helped": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await lose(bert, "epochs", chatId);
    bert.refuses = (method) => method === "enqueue";
    await bert.start();
    await bert.sees(chatId, ({ recovering }) => recovering === true);
    await bert.engine.leaveChat(chatId);
    await bert.crash();
    bert.refuses = () => false;
    await Promise.all(
      [anna, carl].map((person) =>
        person.until(async () => (await person.notices(chatId)).includes(`left ${bert.username}`), "that bert has left")
      ),
    );
    await bert.until(async () => (await bert.notices(chatId)).at(-1) === `left ${bert.username} 1`, "the end");
    assert.equal((await bert.chat(chatId))!.members.length, 3);
    assert.equal((await anna.chat(chatId))!.members.length, 2);
  },

  "one whom nobody can help leaves for itself when asked twice": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    await anna.engine.close();
    await lose(bert, "epochs", chatId);
    await bert.start();
    await bert.sees(chatId, ({ recovering }) => recovering === true);
    await bert.engine.leaveChat(chatId);
    assert.equal((await bert.chat(chatId))!.recovering, true);
    await bert.engine.leaveChat(chatId);
    const { recovering, active } = (await bert.chat(chatId))!;
    assert.deepEqual([recovering, active], [undefined, false]);
  },

  "one who leaves and is removed at the same time is out once, and is told once": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await Promise.all([bert.engine.leaveChat(chatId), anna.engine.removePerson(chatId, bert.username)]);
    await Promise.all([anna, carl].map((person) => person.sees(chatId, ({ members }) => members.length === 2)));
    await bert.sees(chatId, ({ active }) => !active);
    for (const person of [anna, bert, carl]) {
      assert.equal(
        (await person.notices(chatId)).filter((notice) => /^(left|removed)/.test(notice)).length,
        1,
        JSON.stringify(await person.notices(chatId)),
      );
    }
    await anna.says(chatId, "two left");
    await carl.hears(chatId, anna.username, ["two left"]);
  },

  "a subscription that is replaced while entries are acknowledged loses and repeats nothing": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    const { rpc } = await outsider(core, bert);
    const recipientKey = await bert.recipientKey();
    const texts = Array.from({ length: 40 }, (_, index) => `${index}`);
    const replacing = (async () => {
      for (let round = 0; round < 8; round++) {
        // It reads of the backlog, acknowledges nothing, and is gone, unless bert was faster to come back (E040).
        try {
          for await (const _ of rpc.stream(delivery.subscribe, { recipientKey, after: 0 })) break;
        } catch (error) {
          if (!isWireError(error, ErrorCode.draining)) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    })();
    for (const text of texts) await anna.says(chatId, text);
    await replacing;
    await bert.hears(chatId, anna.username, texts);
  },

  "GRP-5: one who was out and is in the group again after a move finds it in the same conversation": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await anna.says(chatId, "then");
    await carl.hears(chatId, anna.username, ["then"]);
    await anna.engine.removePerson(chatId, carl.username);
    await carl.sees(chatId, ({ active }) => !active);
    const copy = await core.backup();
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.engine.renameChat(chatId, "Later");
    await bert.sees(chatId, ({ title }) => title === "Later");
    await core.restore(copy);
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.moved(chatId);
    await anna.says(chatId, "moved");
    await bert.hears(chatId, anna.username, ["then", "moved"]);
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId, ({ active }) => active);
    await anna.says(chatId, "now");
    await carl.hears(chatId, anna.username, ["then", "now"]);
  },

  "GRP-7.5: a device taken back after a move by a stranger is invited to the same conversation": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await group([anna, bert, carl]);
    await anna.engine.removePerson(chatId, carl.username);
    await carl.sees(chatId, ({ active }) => !active);
    const copy = await core.backup();
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.engine.renameChat(chatId, "Later");
    await bert.sees(chatId, ({ title }) => title === "Later");
    await core.restore(copy);
    await Promise.all([anna, bert, carl, dora].map((person) => person.connected()));
    await anna.moved(chatId);
    await anna.says(chatId, "moved");
    await bert.hears(chatId, anna.username, ["moved"]);
    await anna.engine.addPeople(chatId, [dora.username]);
    const { chatId: dorasId } = await dora.until(
      async () => (await dora.engine.chats()).find(({ title }) => title === "Later"),
      "the group",
    );
    await anna.engine.setRole(chatId, dora.username, "admin");
    await dora.sees(
      dorasId,
      ({ members }) => members.some(({ username, role }) => username === dora.username && role === "admin"),
    );
    await dora.engine.addPeople(dorasId, [carl.username]);
    assert.equal((await carl.sees(chatId, ({ active }) => active)).invitation, true);
    assert.deepEqual((await carl.notices(chatId)).slice(-3), [
      `added ${dora.username}`,
      "renamed Later",
      `rejoined ${dora.username} ${carl.username}`,
    ]);
  },

  "GRP-5: a device revoked meanwhile stops neither the replacement channel nor its account": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    const stolen = await bert.secondDevice(core);
    try {
      await bert.crash();
      await stolen.sees(chatId);
      const copy = await core.backup();
      await Promise.all([anna, bert, stolen].map((person) => person.connected()));
      await anna.engine.renameChat(chatId, "Later");
      await bert.sees(chatId, ({ title }) => title === "Later");
      await core.restore(copy);
      anna.refuses = (method) => method === "createChannel";
      await Promise.all([anna, bert, stolen].map((person) => person.connected()));
      await anna.sees(chatId, ({ recovering }) => recovering === true);
      const { deviceId } = await stolen.engine.account() as { deviceId: string };
      await bert.engine.revokeDevice(deviceId, password);
      anna.refuses = () => false;
      await anna.sees(chatId, ({ active }) => active);
      await bert.moved(chatId);
      await anna.says(chatId, "here");
      await bert.hears(chatId, anna.username, ["here"]);
    } finally {
      await stolen.close();
    }
  },
});
