import assert from "node:assert/strict";
import { password, type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const numbered = (who: string, count = 20) => Array.from({ length: count }, (_, index) => `${who} ${index}`);

async function saysAll(person: Person, chatId: string, texts: string[]): Promise<void> {
  for (const text of texts) await person.says(chatId, text);
}

suite("conversations between engines", {
  "two engines exchange 20 messages each way, in order, none lost, none twice": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    assert.equal((await anna.sees(chatId)).title, bert.username);
    await bert.sees(chatId, ({ invitation, title }) => invitation && title === anna.username);
    const [fromAnna, fromBert] = [numbered("a"), numbered("b")];
    await Promise.all([saysAll(anna, chatId, fromAnna), saysAll(bert, chatId, fromBert)]);
    await Promise.all([anna.hears(chatId, bert.username, fromBert), bert.hears(chatId, anna.username, fromAnna)]);
    await Promise.all([anna.settled(chatId), bert.settled(chatId)]);
    assert.deepEqual(await anna.texts(chatId, anna.username), fromAnna);
    assert.equal((await bert.chat(chatId))!.invitation, false, "answering accepts");
    assert.equal(await anna.engine.startChat([bert.username]), chatId, "the chat with bert is there already");
  },

  "a third person joins as a group, is removed, and another leaves": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "plans");
    await bert.sees(chatId, ({ title, kind }) => title === "plans" && kind === "group");
    await bert.engine.acceptInvitation(chatId);
    await anna.says(chatId, "before carl");
    await bert.hears(chatId, anna.username, ["before carl"]);
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId);
    await bert.sees(chatId, ({ members }) => members.length === 3);
    await carl.says(chatId, "hello all");
    await Promise.all([
      anna.hears(chatId, carl.username, ["hello all"]),
      bert.hears(chatId, carl.username, ["hello all"]),
    ]);
    assert.deepEqual(await carl.texts(chatId, anna.username), [], "what was said before is not carl's to read");

    await assert.rejects(bert.engine.removePerson(chatId, carl.username), /L019/, "only an admin removes");
    await anna.engine.removePerson(chatId, carl.username);
    await carl.sees(chatId, ({ active }) => !active);
    assert.equal(
      (await carl.notices(chatId)).at(-1),
      `removed ${anna.username} ${carl.username} 1`,
      "carl sees who did it",
    );
    await assert.rejects(carl.says(chatId, "still there?"), /L010/);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    await anna.sees(chatId, ({ members }) => members.length === 1);
    await anna.says(chatId, "alone");
    await anna.settled(chatId);
    assert.deepEqual(await anna.notices(chatId), [
      `created ${anna.username}`,
      `added ${anna.username} ${carl.username}`,
      `removed ${anna.username} ${carl.username}`,
      `left ${bert.username}`,
    ]);
  },

  "a member who was removed and added again while away sees all before and after, and both lines": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "group");
    await anna.says(chatId, "one");
    await bert.hears(chatId, anna.username, ["one"]);
    await bert.engine.close();
    await anna.says(chatId, "two");
    await anna.says(chatId, "three");
    await anna.settled(chatId);
    await anna.engine.removePerson(chatId, bert.username);
    await anna.engine.addPeople(chatId, [carl.username]);
    await anna.engine.addPeople(chatId, [bert.username]);
    await anna.says(chatId, "four");
    await anna.settled(chatId);
    bert.storage = bert.storage.restarted();
    await bert.start();
    await bert.hears(chatId, anna.username, ["one", "two", "three", "four"]);
    const notices = await bert.notices(chatId);
    assert.deepEqual(notices.slice(-3), [
      `removed ${anna.username} ${bert.username} 1`,
      `rejoined ${anna.username} ${bert.username}`,
      `added ${carl.username}`,
    ]);
    assert.equal((await bert.chat(chatId))!.unread, 4);
    await bert.crash();
    assert.deepEqual(await bert.texts(chatId), ["one", "two", "three", "four"], "it is on disk, too");
    assert.deepEqual(await bert.notices(chatId), notices);
    await bert.says(chatId, "back");
    await anna.hears(chatId, bert.username, ["back"]);
  },

  "a message that has failed goes out when it is sent again, and once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "group");
    await bert.sees(chatId);
    bert.online = false;
    bert.disconnect();
    const messageId = await bert.says(chatId, "late");
    const line = async () => {
      const item = (await bert.items(chatId)).find((one) => one.kind === "message" && one.messageId === messageId);
      assert.ok(item?.kind === "message");
      return item;
    };
    await anna.engine.removePerson(chatId, bert.username);
    bert.online = true;
    await bert.engine.wake();
    const failed = await bert.until(async () => {
      const item = await line();
      return item.state === "failed" && item;
    }, "the message to fail");
    // The server refuses, or this device has heard already that it is out.
    assert.match(failed.errorCode ?? "", /^(E016|L010)$/);
    await assert.rejects(bert.engine.send(chatId, messageId, "late"), /L010/, "not while bert is out");
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId, ({ active }) => active);
    await Promise.all([1, 2].map(() => bert.engine.send(chatId, messageId, "late")));
    await anna.hears(chatId, bert.username, ["late"]);
    const sent = await bert.until(async () => {
      const item = await line();
      return item.state === "sent" && item;
    }, "the message to be sent");
    assert.equal(sent.errorCode, undefined);
    assert.ok(sent.order > failed.order, "it stands where it was sent");
    const ofMessage = (await bert.items(chatId)).filter((one) => one.kind === "message" && one.messageId === messageId);
    assert.equal(ofMessage.length, 1, "and nowhere else");
    await bert.engine.send(chatId, messageId, "late");
    await bert.says(chatId, "later");
    await anna.hears(chatId, bert.username, ["late", "later"]);
  },

  "history is there without a network, and what was said offline goes out after the reconnect": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.says(chatId, "online");
    await bert.hears(chatId, anna.username, ["online"]);
    await anna.settled(chatId);
    anna.online = false;
    await anna.crash();
    assert.deepEqual(await anna.texts(chatId), ["online"]);
    await saysAll(anna, chatId, numbered("offline", 5));
    assert.equal(
      (await anna.items(chatId)).filter((item) => item.kind === "message" && item.state === "waiting").length,
      5,
    );
    await assert.rejects(anna.engine.startChat([bert.username], "a group"), /L001/);
    await anna.crash();
    anna.online = true;
    await anna.engine.wake();
    await bert.hears(chatId, anna.username, ["online", ...numbered("offline", 5)]);
    await anna.settled(chatId);
  },

  "messages in full flow survive broken connections and a restart of the core": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const [fromAnna, fromBert] = [numbered("a", 40), numbered("b", 40)];
    const trouble = (async () => {
      for (let round = 0; round < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        if (round === 2) await core.restart();
        else core.breakConnections();
      }
    })();
    await Promise.all([saysAll(anna, chatId, fromAnna), saysAll(bert, chatId, fromBert), trouble]);
    await Promise.all([anna.hears(chatId, bert.username, fromBert), bert.hears(chatId, anna.username, fromAnna)]);
    await Promise.all([anna.settled(chatId), bert.settled(chatId)]);
  },

  "a message whose answer was lost goes out again as the same bytes and is shown once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const tap = new Wiretap();
    let losses = 2;
    tap.losesAnswer = ({ method }) => method === "publish" && losses-- > 0;
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    await anna.says(chatId, "once");
    await anna.settled(chatId);
    await bert.hears(chatId, anna.username, ["once"]);
    const published = tap.of("publish");
    assert.equal(published.length, 3);
    assert.deepEqual(published[1], published[0]);
    assert.deepEqual(published[2], published[0]);
  },

  "asking to send the same messageId twice sends once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const messageId = "00112233445566778899aabbccddeeff";
    await Promise.all([anna.engine.send(chatId, messageId, "same"), anna.engine.send(chatId, messageId, "same")]);
    await anna.crash();
    await anna.engine.send(chatId, messageId, "same");
    await anna.says(chatId, "end");
    await bert.hears(chatId, anna.username, ["same", "end"]);
    assert.deepEqual(await anna.texts(chatId), ["same", "end"]);
  },

  "entries that the core delivers again are shown once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    // Acknowledgements never get through, so that the core keeps the whole queue.
    bert.refuses = (method) => method === "ack";
    await bert.crash();
    const chatId = await anna.engine.startChat([bert.username], "repeats");
    await saysAll(anna, chatId, numbered("a", 3));
    await bert.hears(chatId, anna.username, numbered("a", 3));
    await bert.storage.write({ deletes: [{ store: "account", key: "sync/cursor" }] });
    await bert.crash();
    await bert.connected();
    await anna.says(chatId, "a 3");
    await bert.hears(chatId, anna.username, numbered("a", 4));
    assert.deepEqual(await bert.notices(chatId), [`added ${anna.username} ${bert.username}`]);
  },

  "GRP-4.4: a message sent from one device appears on the account's other device, which is added by itself": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.says(chatId, "from the first");
    await bert.hears(chatId, anna.username, ["from the first"]);
    const second = await anna.secondDevice(core);
    try {
      await anna.crash();
      await second.sees(chatId, ({ invitation }) => !invitation);
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith(`device-added ${anna.username}`)),
        "a line about the device",
      );
      await anna.says(chatId, "to both");
      await second.until(async () => (await second.texts(chatId)).includes("to both"), "the own message");
      await second.says(chatId, "from the second");
      await bert.hears(chatId, anna.username, ["from the first", "to both", "from the second"]);
      await anna.until(
        async () => (await anna.texts(chatId)).includes("from the second"),
        "the message of the other device",
      );
      const own = (await anna.items(chatId)).flatMap((item) =>
        item.kind === "message" ? [[item.text, item.own, item.state]] : []
      );
      assert.deepEqual(own.at(-1), ["from the second", true, "sent"]);
    } finally {
      await second.close();
    }
  },

  "someone who signs in anew gets their chats back as soon as a partner writes, though nobody reconnects": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.signOut();
    await bert.engine.signIn(bert.username, password);
    // Nobody's lists are asked for more often than every 30 s (3 s here).
    await new Promise((resolve) => setTimeout(resolve, 3200));
    await anna.says(chatId, "are you there?");
    await bert.sees(chatId);
    await anna.until(
      async () => (await anna.notices(chatId)).some((notice) => notice.startsWith(`device-added ${bert.username}`)),
      "a line about the device",
    );
    await anna.says(chatId, "welcome back");
    await bert.until(async () => (await bert.texts(chatId)).includes("welcome back"), "the message");
  },
});
