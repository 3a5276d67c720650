import assert from "node:assert/strict";
import { until } from "../../schema/testing/until.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

/** Each device writes there, hears what the others do, and shows no other chat. */
async function haveOneNote(devices: Person[], chatId: string): Promise<void> {
  for (const [index, device] of devices.entries()) await device.says(chatId, `note ${index}`);
  for (const device of devices) {
    await device.until(async () => (await device.texts(chatId)).length === devices.length, "what all have written");
    const chats = await device.engine.chats();
    assert.deepEqual(chats.map(({ chatId, notes }) => [chatId, notes]), [[chatId, true]]);
  }
}

suite("CONVERSATIONS: whom an account hears", {
  "CONVERSATIONS: nothing of a blocked person is shown, in groups neither, and all comes back after": async (
    { join },
  ) => {
    const [anna, bert, mallory] = await joinAll(join, "anna", "bert", "mallory");
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "garden");
    for (const person of [bert, mallory]) {
      await person.sees(chatId);
      await person.engine.acceptInvitation(chatId);
    }
    await mallory.says(chatId, "before");
    await anna.hears(chatId, mallory.username, ["before"]);
    await anna.engine.block(mallory.username);
    assert.deepEqual(await anna.texts(chatId, mallory.username), []);
    const unread = (await anna.chat(chatId))!.unread;
    await mallory.says(chatId, "hidden");
    await mallory.settled(chatId);
    await bert.hears(chatId, mallory.username, ["before", "hidden"]);
    await bert.says(chatId, "seen");
    await anna.hears(chatId, bert.username, ["seen"]);
    assert.deepEqual(await anna.texts(chatId, mallory.username), []);
    const chat = (await anna.chat(chatId))!;
    assert.deepEqual([chat.unread, chat.lastMessage?.text], [unread + 1, "seen"]);
    const marks = chat.members.filter(({ blocked }) => blocked).map(({ username }) => username);
    assert.deepEqual(marks, [mallory.username]);
    const [{ accountKey }] = (await anna.engine.peopleSettings()).blocked;
    await anna.engine.unblock(accountKey);
    assert.deepEqual(await anna.texts(chatId, mallory.username), ["before"], "what came meanwhile was not kept");
    await mallory.says(chatId, "after");
    await anna.hears(chatId, mallory.username, ["before", "after"]);
  },

  "CONVERSATIONS: a blocked person's invitations are hidden, and nothing is sent to them": async ({ join }) => {
    const [anna, mallory] = await joinAll(join, "anna", "mallory");
    const direct = await anna.engine.startChat([mallory.username]);
    await mallory.sees(direct);
    await mallory.says(direct, "hello");
    await anna.hears(direct, mallory.username, ["hello"]);
    await anna.engine.block(mallory.username);
    await assert.rejects(anna.says(direct, "no"), /L042/);
    await assert.rejects(anna.engine.block(anna.username), /L004/);
    await assert.rejects(anna.engine.block("nobody-is-called-so"), /L004/);
    assert.deepEqual(await anna.engine.recentPeople(), []);
  },

  "CONVERSATIONS: a second device shows nothing of a blocked person either": async ({ core, join }) => {
    const [anna, mallory] = await joinAll(join, "anna", "mallory");
    const second = await anna.secondDevice(core);
    await anna.engine.block(mallory.username);
    await second.until(async () => (await second.engine.peopleSettings()).blocked.length === 1, "the blocked person");
    const chatId = await mallory.engine.startChat([anna.username]);
    await mallory.says(chatId, "let me in");
    await mallory.settled(chatId);
    const other = await mallory.engine.startChat([anna.username], "or here");
    await mallory.settled(other);
    await second.engine.unblock((await second.engine.peopleSettings()).blocked[0].accountKey);
    assert.equal((await second.sees(chatId)).invitation, true, "what waits is shown once the person is not blocked");
    assert.deepEqual(await second.texts(chatId), []);
    await second.close();
  },

  "CONVERSATIONS: invitations of strangers are hidden where people of the chats alone may write": async ({ join }) => {
    const [anna, bert, carl] = await joinAll(join, "anna", "bert", "carl");
    const group = await anna.engine.startChat([bert.username], "garden");
    await bert.sees(group);
    await anna.engine.setContactPolicy("groups");
    const ofBert = await bert.engine.startChat([anna.username]);
    assert.equal((await anna.sees(ofBert)).invitation, false);
    const ofCarl = await carl.engine.startChat([anna.username]);
    await carl.says(ofCarl, "hello");
    await carl.settled(ofCarl);
    await bert.says(ofBert, "later");
    await anna.hears(ofBert, bert.username, ["later"]);
    assert.equal(await anna.chat(ofCarl), undefined);
    await anna.engine.setContactPolicy("everybody");
    assert.equal((await anna.sees(ofCarl)).invitation, true);
  },

  "CONVERSATIONS: who takes invited people only is not to be reached without a link, and in groups as before": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = await joinAll(join, "anna", "bert", "carl");
    const group = await anna.engine.startChat([bert.username], "garden");
    await bert.sees(group);
    await bert.engine.acceptInvitation(group);
    await anna.engine.setContactPolicy("invited");
    await assert.rejects(carl.engine.startChat([anna.username]), /E026/);
    await anna.sees(await bert.engine.startChat([anna.username]));
    const second = await anna.secondDevice(core);
    await second.sees(group);
    assert.equal((await second.engine.peopleSettings()).policy, "invited");
    await second.close();
  },

  "CONVERSATIONS: a group is made without those who take invited people only, and says who is missing": async (
    { join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    await anna.engine.setContactPolicy("invited");
    await dora.engine.setContactPolicy("invited");
    const chatId = await carl.engine.startChat([anna.username, bert.username], "garden");
    await bert.sees(chatId);
    assert.deepEqual(
      (await carl.chat(chatId))!.members.map(({ username }) => username).sort(),
      [bert.username, carl.username].sort(),
    );
    assert.ok((await carl.notices(chatId)).includes(`invited-only ${anna.username}`));
    assert.ok(!(await carl.notices(chatId)).some((notice) => notice.startsWith("not-added")));
    // Where nobody is left, nothing is made.
    await assert.rejects(carl.engine.startChat([anna.username, dora.username], "empty"), /E026/);
    await assert.rejects(carl.engine.addPeople(chatId, [dora.username]), /E026/);
  },

  "CONVERSATIONS: the note to self is one chat on all devices, with room for nobody else": async ({ core, join }) => {
    const [anna, bert] = await joinAll(join, "anna", "bert");
    const chatId = await anna.engine.noteToSelf();
    assert.equal(await anna.engine.noteToSelf(), chatId);
    assert.equal((await anna.sees(chatId)).notes, true);
    await assert.rejects(anna.engine.addPeople(chatId, [bert.username]), /L019/);
    const second = await anna.secondDevice(core);
    await second.sees(chatId, ({ notes }) => notes === true);
    await anna.says(chatId, "milk");
    await second.hears(chatId, anna.username, ["milk"]);
    assert.equal(await second.engine.noteToSelf(), chatId);
    await second.close();
  },

  "CONVERSATIONS: two devices that open the note to self at once have one, and what both write there": async (
    { core, join },
  ) => {
    const anna = await join("anna");
    const second = await anna.secondDevice(core);
    const [chatId, other] = await Promise.all([anna.engine.noteToSelf(), second.engine.noteToSelf()]);
    assert.equal(other, chatId);
    await haveOneNote([anna, second], chatId);
    await second.close();
  },

  "CONVERSATIONS: a device waits for the note to self that another one is making": async ({ core, join }) => {
    const anna = await join("anna");
    const second = await anna.secondDevice(core);
    const [tap, secondTap] = [new Wiretap(), new Wiretap()];
    for (const [person, its] of [[anna, tap], [second, secondTap]] as const) {
      person.wrapTransport = its.wrap;
      await person.crash();
      await person.connected();
    }
    const asked = secondTap.of("getSettings").length;
    const hasAsked = () => secondTap.of("getSettings").length > asked;
    tap.holdsAnswer = ({ method }) => method === "createChannel" ? until(hasAsked) : undefined;
    const begun = anna.engine.noteToSelf();
    await anna.until(() => tap.of("createChannel").length > 0, "the chat to be begun");
    const chatId = await second.engine.noteToSelf();
    assert.equal(await begun, chatId);
    await haveOneNote([anna, second], chatId);
    await second.close();
  },

  "CONVERSATIONS: people of the chats are found by the beginning of their names, others by the whole name": async (
    { join },
  ) => {
    const [anna, bert, carl] = await joinAll(join, "anna", "bert", "carl");
    assert.deepEqual(await anna.engine.findPeople(bert.username.slice(0, 3)), []);
    assert.deepEqual(await anna.engine.findPeople(bert.username), [bert.username]);
    await anna.engine.startChat([bert.username]);
    assert.deepEqual(await anna.engine.findPeople(bert.username.slice(0, 3)), [bert.username]);
    assert.deepEqual(await anna.engine.recentPeople(), [bert.username]);
    assert.deepEqual(await anna.engine.findPeople(carl.username.slice(0, 2)), []);
  },

  "CONVERSATIONS: a report brings the chosen messages to the operator, and no others": async ({ core, join }) => {
    const [anna, mallory] = await joinAll(join, "anna", "mallory");
    const chatId = await mallory.engine.startChat([anna.username]);
    await anna.sees(chatId);
    for (const text of ["nice weather", "rude words"]) await mallory.says(chatId, text);
    await anna.hears(chatId, mallory.username, ["nice weather", "rude words"]);
    const items = await anna.items(chatId);
    const { order } = items.find((item) => item.kind === "message" && item.text === "rude words")!;
    await anna.engine.report({ username: mallory.username, reason: "rude", chatId, orders: [order, "nonsense"] });
    let text = "";
    await core.change((db) => void (text = db.get<{ text: string }>("SELECT text FROM reports")!.text));
    const { messages, reason, about } = JSON.parse(text);
    await anna.connected();
    assert.deepEqual([about, reason], [mallory.username, "rude"]);
    assert.deepEqual(messages.map(({ from, text }: { from: string; text: string }) => [from, text]), [
      [mallory.username, "rude words"],
    ]);
    await assert.rejects(anna.engine.report({ username: mallory.username, reason: "x".repeat(70_000) }), /L011/);
  },
});
