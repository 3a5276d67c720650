/** Conversations for tests of kinds of messages: one engine, a member that sends any content, and what is on disk. */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Bytes } from "../../schema/bytes.ts";
import type { MessageContent } from "../api/engine_api.ts";
import { deleteKind } from "../content/kinds/delete.ts";
import { editKind } from "../content/kinds/edit.ts";
import { pollKind } from "../content/kinds/poll.ts";
import { pollEndKind } from "../content/kinds/pollend.ts";
import { reactionKind } from "../content/kinds/reaction.ts";
import { replyKind } from "../content/kinds/reply.ts";
import { textKind } from "../content/kinds/text.ts";
import { voteKind } from "../content/kinds/vote.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { contentOf, type MessageLine } from "../sync/conversation/message_line.ts";
import type { SeenRecord } from "../sync/conversation/records.ts";
import { ContentSender } from "./content_sender.ts";
import { random } from "./hostile_member.ts";
import type { Person, World } from "./person.ts";

/** Containers of each kind. */
export const write = {
  text: (text: string) => textKind.write({ text }, random(16)),
  reply: (text: string, inReplyTo: Bytes) => replyKind.write({ text, inReplyTo }, random(16)),
  reaction: (text: string, inReplyTo: Bytes) => reactionKind.write({ texts: [text], inReplyTo }, random(16)),
  edit: (text: string, replaces: Bytes) => editKind.write({ text, replaces }, random(16)),
  poll: (question: string, options: string[], several = false) =>
    pollKind.write({ question, options, several }, random(16)),
  vote: (choices: number[], round: number, inReplyTo: Bytes) =>
    voteKind.write({ choices, round, inReplyTo }, random(16)),
  pollend: (inReplyTo: Bytes) => pollEndKind.write({ inReplyTo }, random(16)),
  delete: (replaces: Bytes) => deleteKind.write({ replaces }, random(16)),
};

/** Anna's engine, and bert who sends what the test says. */
export async function annaAndBert({ core, join }: World) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username], "kinds");
  await bert.sees(chatId);
  const sender = await ContentSender.of(core, bert, chatId);
  return { anna, bert, chatId, sender };
}

/** Anna's engine in a chat with bert, and her second device, which sends what the test says. */
export async function annaAndHerSecond({ core, join }: World) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username], "kinds");
  const second = await anna.secondDevice(core);
  await anna.crash();
  await second.sees(chatId);
  return { anna, bert, chatId, sender: await ContentSender.of(core, second, chatId) };
}

const mark = "all before this is there";

/** Sends a last message and waits for it: all that the sender sent before it is there then. */
export async function arrived(person: Person, chatId: string, sender: ContentSender): Promise<void> {
  await sender.send(write.text(mark));
  await person.until(async () => (await person.texts(chatId)).includes(mark), "the mark");
}

/** What the messages of a conversation show, without the mark. */
export async function shown(person: Person, chatId: string): Promise<MessageContent[]> {
  const items = (await person.items(chatId)).filter((item) => item.kind === "message" && item.text !== mark);
  return items.map((item) => {
    // What an edited message said before has times, and tests of its own (scenarios/changes_test.ts).
    const { versions: _before, ...content } = contentOf(item as MessageLine);
    return content;
  });
}

/** Waits until the only message of the conversation shows this, and sees the same from disk. */
export async function shows(person: Person, chatId: string, content: MessageContent): Promise<void> {
  const looksSo = async () => isDeepStrictEqual((await shown(person, chatId))[0], content);
  await person.until(looksSo, JSON.stringify(content));
  await person.crash();
  assert.deepEqual(await shown(person, chatId), [content]);
}

/** What the device has on disk, as after a crash. */
export const storeOf = (person: Person) => new SealedStore(person.storage.restarted(), person.wrappingKey);

/** All that the device stores of conversations, readable. */
export async function stored(person: Person): Promise<string> {
  const stores = ["messages", "outbox", "groups", "messageids", "unreadable"] as const;
  const all = await Promise.all(stores.map((store) => storeOf(person).range<unknown>(store, "")));
  const readable = (_key: string, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  return all.flat().map(({ value }) => JSON.stringify(value, readable)).join("\n");
}

/** @returns the MIMI ids that a device knows in a conversation, as hex, in the order of their lines */
export async function knownIds(person: Person, chatId: string): Promise<string[]> {
  const prefix = `${chatId}/mimi/`;
  const known = await storeOf(person).range<SeenRecord>("messageids", prefix);
  known.sort((a, b) => a.value.order < b.value.order ? -1 : 1);
  return known.map(({ key }) => key.slice(prefix.length));
}
