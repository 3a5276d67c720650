import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { LocalCode } from "../api/errors.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import { random } from "../testing/hostile_member.ts";
import { forgedReturn } from "../testing/injected_welcome.ts";
import { outsider } from "../testing/outsider.ts";
import { joinAll } from "../testing/join_all.ts";
import { suite } from "../testing/person.ts";

suite("who may bring this account into a group", {
  "an invitation keeps 4 MiB of messages, and counts the others": async (
    { core, join },
  ) => {
    const [eve, bert] = [await join("eve"), await join("bert")];
    const chatId = await eve.engine.startChat([bert.username], "flood");
    await bert.sees(chatId, ({ invitation }) => invitation);
    const { rpc, mls, state } = await outsider(core, eve);
    let [sender, epoch] = [await state(chatId), 1];
    const send = async (text: string) => {
      const messageId = random(16);
      const content = encodeMimiContent(textKind.write({ text }, random(16)));
      const { envelope, newState } = await mls.sealMessage(sender, { messageId, content });
      sender = newState;
      const message = { channelId: fromHex(chatId), epoch, messageId, envelope, ephemeral: false };
      await rpc.call(delivery.publish, message);
      return envelope.length;
    };
    const long = "flood ".repeat(20_000);
    const fits = Math.floor(4 * 1024 * 1024 / await send(long));
    for (let count = 1; count < fits + 3; count++) await send(long);
    await bert.until(async () => (await bert.notices(chatId)).includes("unopened 3"), "the count of the others");
    assert.equal((await bert.texts(chatId)).length, fits);
    await eve.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    await eve.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId, ({ active, invitation }) => active && invitation);
    [sender, epoch] = [await state(chatId), 3];
    await send(long);
    await bert.until(async () => (await bert.notices(chatId)).includes("unopened 4"), "the room is the chat's");
    await bert.engine.acceptInvitation(chatId);
    await send("after all");
    await bert.until(async () => (await bert.texts(chatId)).at(-1) === "after all", "what comes later");
  },

  "GRP-7.5: a group from an unknown account is an invitation until accepted": async ({ join }) => {
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

  "GRP-7.5: a stranger's group under the name of a known channel is asked about first": async ({ core, join }) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await anna.engine.startChat([bert.username, carl.username], "Board");
    await bert.sees(chatId);
    await bert.says(chatId, "among us");
    await bert.settled(chatId);
    await bert.engine.setContactPolicy("groups");
    const { removal, welcome } = await forgedReturn(core, mallory, {
      chatId,
      name: "Board",
      kind: "group",
      others: [anna],
    }, bert);
    core.inject(await bert.recipientKey(), [removal, welcome]);
    const chat = await bert.sees(chatId, ({ invitation }) => invitation);
    assert.equal(chat.needsAcceptance, true);
    const notices = await bert.notices(chatId);
    const back = notices.indexOf(`rejoined ${mallory.username} ${bert.username}`);
    assert.deepEqual(notices.slice(back - 1), [
      `removed-by-server ${bert.username} 1`,
      `rejoined ${mallory.username} ${bert.username}`,
      `removed ${carl.username}`,
      `added ${mallory.username}`,
      `demoted ${anna.username}`,
    ]);
    await assert.rejects(bert.says(chatId, "secret"), {
      problem: {
        code: LocalCode.notAccepted,
        detail: "somebody who was not in the chat has brought this device back",
      },
    });
    assert.deepEqual(await bert.texts(chatId), ["among us"]);
    await bert.engine.acceptInvitation(chatId);
    const { invitation, needsAcceptance } = (await bert.chat(chatId))!;
    assert.deepEqual({ invitation, needsAcceptance }, { invitation: false, needsAcceptance: undefined });
    await bert.says(chatId, "to those who are there now");
  },

  "GRP-7.5: waiting messages do not go to an acquaintance from outside the chat until the user accepts": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const other = await bert.engine.startChat([mallory.username]);
    await mallory.sees(other);
    const chatId = await anna.engine.startChat([bert.username], "Board");
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await anna.engine.close();
    bert.refuses = (method) => method === "publish";
    await bert.says(chatId, "secret");
    const { welcome } = await forgedReturn(
      core,
      mallory,
      { chatId, name: "Board", kind: "group", others: [anna] },
      bert,
    );
    const commit = {
      ...welcome,
      seq: 1000,
      kind: EntryKind.COMMIT,
      channelId: fromHex(chatId),
      epoch: 2,
      id: random(16),
      header: random(1168),
      body: random(400),
      bodyLength: 400,
    };
    core.inject(await bert.recipientKey(), [commit, welcome]);
    await bert.sees(chatId, ({ needsAcceptance }) => needsAcceptance === true);
    let published = 0;
    bert.refuses = (method) => {
      if (method === "publish") published++;
      return false;
    };
    bert.disconnect();
    await bert.until(async () => (await bert.engine.connection()).kind !== "connected", "the break");
    await bert.connected();
    await bert.says(other, "elsewhere");
    await bert.settled(other);
    assert.equal(published, 1, "what was said elsewhere, and nothing else");
    assert.deepEqual(
      (await bert.items(chatId)).flatMap((item) => item.kind === "message" ? [[item.text, item.state]] : []),
      [["secret", "waiting"]],
    );
    await bert.engine.acceptInvitation(chatId);
    await bert.until(() => published > 1, "what waited to be sent");
  },

  "GRP-2.6: a chat of two does not come back as a group, not even from the other of the two": async (
    { core, join },
  ) => {
    const [anna, bert, eve] = [await join("anna"), await join("bert"), await join("eve")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    const { removal, welcome } = await forgedReturn(core, anna, {
      chatId,
      name: anna.username,
      kind: "group",
      others: [eve],
    }, bert);
    core.inject(await bert.recipientKey(), [removal, welcome]);
    await bert.until(async () => (await bert.notices(chatId)).includes("rejected GRP-2.6"), "the refusal");
    const { active, kind, members } = (await bert.chat(chatId))!;
    assert.deepEqual({ active, kind, members: members.map(({ username }) => username) }, {
      active: false,
      kind: "direct",
      members: [anna.username, bert.username],
    });
  },
});
