import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { MessageItem, Poll } from "../api/engine_api.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { annaAndBert, arrived, knownIds, shown, write } from "../testing/message_kinds.ts";
import { fromHex } from "../../schema/bytes.ts";

const newId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));
const question = { question: "When?", options: ["Saturday", "Sunday", "never"], several: false };

async function pollOf(person: Person, chatId: string): Promise<MessageItem & { poll: Poll }> {
  return (await person.until(async () => {
    const { items } = await person.engine.timeline(chatId);
    return items.find((item): item is MessageItem & { poll: Poll } => item.kind === "message" && !!item.poll);
  }, "the poll"))!;
}

/** Who has chosen what, as "bert 0,1". */
const votesOf = ({ poll }: { poll: Poll }) => poll.votes.map(({ sender, choices }) => `${sender} ${choices}`);

async function showsVotes(person: Person, chatId: string, ...votes: string[]): Promise<void> {
  await person.until(async () => votesOf(await pollOf(person, chatId)).join() === votes.join(), votes.join());
}

/** Two people, and a poll of the first. */
async function poll({ join }: World) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  await bert.engine.acceptInvitation(chatId);
  await anna.engine.sendPoll(chatId, newId(), question);
  await pollOf(bert, chatId);
  await anna.until(async () => (await pollOf(anna, chatId)).state === "sent", "sent");
  return { anna, bert, chatId };
}

suite("polls", {
  "CONVERSATIONS: a poll is voted in on both sides, the last vote counts, and it outlives a restart": async (world) => {
    const { anna, bert, chatId } = await poll(world);
    assert.equal((await bert.chat(chatId))!.lastMessage!.text, "📊 When?");
    await bert.engine.vote(chatId, await pollOf(bert, chatId), [0]);
    await bert.engine.vote(chatId, await pollOf(bert, chatId), [1]);
    assert.deepEqual(votesOf(await pollOf(bert, chatId)), [`${bert.username} 1`], "at once where it is given");
    await anna.engine.vote(chatId, await pollOf(anna, chatId), [2]);
    const votes = [`${anna.username} 2`, `${bert.username} 1`];
    const sorted = async (person: Person) => votesOf(await pollOf(person, chatId)).sort().join();
    for (const person of [anna, bert]) {
      await person.until(async () => await sorted(person) === votes.join(), "both votes");
      await person.crash();
      assert.equal(await sorted(person), votes.join());
    }
    assert.equal((await bert.chat(chatId))!.unread, 1, "a vote is nothing unread");
  },

  "CONVERSATIONS: a vote is taken back, one that is not offered does nothing, and the author ends the poll": async (
    world,
  ) => {
    const { anna, bert, chatId } = await poll(world);
    await bert.engine.vote(chatId, await pollOf(bert, chatId), [0]);
    await showsVotes(anna, chatId, `${bert.username} 0`);
    await bert.engine.vote(chatId, await pollOf(bert, chatId), []);
    await showsVotes(anna, chatId, `${bert.username} `);
    for (const choices of [[0, 1], [3], [-1], [0.5]]) {
      await bert.engine.vote(chatId, await pollOf(bert, chatId), choices).catch(() => {});
    }
    assert.deepEqual(votesOf(await pollOf(bert, chatId)), [`${bert.username} `]);
    await assert.rejects(bert.engine.endPoll(chatId, await pollOf(bert, chatId)), /L019/);
    await anna.engine.endPoll(chatId, await pollOf(anna, chatId));
    await bert.until(async () => (await pollOf(bert, chatId)).poll.ended === true, "the end");
    await bert.engine.vote(chatId, await pollOf(bert, chatId), [1]);
    assert.deepEqual(votesOf(await pollOf(bert, chatId)), [`${bert.username} `]);
  },

  "CONVERSATIONS: a poll beyond its limits is not sent, and nobody edits one": async (world) => {
    const { anna, chatId } = await poll(world);
    const wrong = [{ ...question, options: ["a"] }, { ...question, options: ["a", "a"] }, {
      ...question,
      question: " ",
    }];
    for (const one of wrong) await assert.rejects(anna.engine.sendPoll(chatId, newId(), one), /L011/);
    await anna.engine.editMessage(chatId, await pollOf(anna, chatId), "Where?").catch(() => {});
    assert.equal((await pollOf(anna, chatId)).text, "When?");
  },

  "CONVERSATIONS: votes that come before their poll, forged ends and votes for texts are judged": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const asked = write.poll("When?", ["a", "b"]);
    const id = await sender.idOf(asked);
    await sender.send(write.vote([1], 1, id));
    await sender.send(asked);
    await anna.engine.sendPoll(chatId, newId(), question);
    const text = await sender.send(write.text("no poll"));
    await sender.send(write.vote([0], 1, text));
    const known = await knownIds(anna, chatId);
    await sender.send(write.pollend(fromHex(known.at(-1)!)));
    await arrived(anna, chatId, sender);
    const lines = await shown(anna, chatId);
    assert.deepEqual(
      lines.find((line) => line.text === "When?" && line.poll?.options.length === 2)?.poll?.votes.map(
        ({ choices, round }) => [choices, round],
      ),
      [[[1], 1]],
    );
    assert.equal(lines.find(({ text }) => text === "no poll")?.poll, undefined);
    assert.ok(lines.every((line) => !line.poll?.ended));
  },
});
