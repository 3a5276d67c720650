import assert from "node:assert/strict";
import { equalBytes, toHex } from "../../schema/bytes.ts";
import { attachmentStream } from "../api/attachment_stream.ts";
import type { MessageItem, OutgoingFile } from "../api/engine_api.ts";
import { random } from "../testing/hostile_member.ts";
import { storeOf } from "../testing/message_kinds.ts";
import { type Person, suite, type World } from "../testing/person.ts";

const megabyte = 1024 * 1024;

/** Bytes that do not repeat from piece to piece. */
function contentOf(bytes: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index += 4096) content[index] = (index * 2654435761) >>> 24;
  return content;
}

function fileOf(content: Uint8Array<ArrayBuffer>, name = "film.mp4", type = "video/mp4"): OutgoingFile {
  return { name, type, source: new Blob([content]) };
}

const newId = () => toHex(random(16));

async function pair({ join }: World) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  return { anna, bert, chatId };
}

/** The newest message with files, once the person has it in this state. */
async function message(person: Person, chatId: string, state: MessageItem["state"]): Promise<MessageItem> {
  return await person.until(async () => {
    const item = (await person.items(chatId)).findLast((item) => item.kind === "message" && item.attachments);
    return item?.kind === "message" && item.state === state ? item : undefined;
  }, `files that are ${state}`);
}

async function read(person: Person, chatId: string, message: MessageItem, index = 0): Promise<Uint8Array> {
  const { size } = message.attachments![index];
  const stream = attachmentStream(person.engine, { chatId, message, index, size });
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const codeOf = (work: Promise<unknown>) =>
  work.then(() => "ok", (error) => (error as { problem?: { code: string } }).problem?.code ?? `${error}`);

/** Lets so many more calls of `putBlobPart` through, then loses the connection at each. */
function breaksAfter(person: Person, calls: number): void {
  person.refuses = (method) => {
    if (method !== "putBlobPart" || calls-- > 0) return false;
    person.disconnect();
    return true;
  };
}

const transfersOf = ({ events }: Person) => events.flatMap((event) => event.kind === "transfer" ? event.transfer : []);

suite("CONVERSATIONS: attachments", {
  "CONVERSATIONS: a file of 20 MB and an answer to it go there and back, with what is said of them": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const content = contentOf(20_000_000);
    const film = { ...fileOf(content), width: 640, height: 480, durationMs: 90_000, thumbhash: random(25) };
    await anna.engine.sendFiles(chatId, newId(), [film, fileOf(random(5), "../note.txt", "text/plain")], "look");
    const item = await message(bert, chatId, "received");
    const { source: _source, ...said } = film;
    assert.deepEqual(item.attachments, [
      { ...said, kind: "video", size: 20_000_000 },
      { name: "note.txt", type: "text/plain", kind: "file", size: 5 },
    ]);
    assert.equal(item.text, "look");
    assert.ok(equalBytes(await read(bert, chatId, item), content));
    assert.equal((await bert.engine.attachmentPiece(chatId, item, 0, 3)).length, megabyte, "any piece alone");
    await bert.engine.sendFiles(chatId, newId(), [fileOf(content.slice(7), "back", "text/html")], "");
    const back = await message(anna, chatId, "received");
    assert.ok(equalBytes(await read(anna, chatId, back), content.subarray(7)));
    const states = new Set(transfersOf(anna).map(({ state }) => state));
    assert.deepEqual([...states], ["reading", "sending", "done"]);
    assert.deepEqual((await anna.engine.chats())[0].lastMessage!.attached, { kind: "file", name: "back", count: 1 });
  },

  "CONVERSATIONS: no key of a file leaves the engine": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    await anna.engine.sendFiles(chatId, newId(), [fileOf(random(5000))], "");
    const [sent, got] = [await message(anna, chatId, "sent"), await message(bert, chatId, "received")];
    const told = [sent, got, ...anna.events, ...bert.events, ...await anna.engine.transfers()];
    const parts: string[] = [];
    for (let from: string | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
      const part = await bert.engine.exportPart(from);
      parts.push(part.lines);
      from = part.next;
    }
    assert.doesNotMatch(JSON.stringify(told) + parts.join(), /"(?:blob|key|prefix|sha256)"/);
    assert.match(
      parts.join(),
      /"attachments":\[\{"name":"film.mp4","type":"video\/mp4","kind":"video","size":5000\}\]/,
    );
  },

  "CONVERSATIONS: a killed process goes on with its upload, and the message comes once": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const content = contentOf(9_000_000);
    breaksAfter(anna, 3);
    const messageId = newId();
    await anna.engine.sendFiles(chatId, messageId, [fileOf(content)], "");
    await anna.until(() => transfersOf(anna).some(({ done, state }) => state === "sending" && done > 0), "a part");
    assert.equal((await message(anna, chatId, "waiting")).messageId, messageId);
    await anna.crash();
    anna.events = [];
    anna.refuses = () => false;
    const item = await message(bert, chatId, "received");
    assert.ok(transfersOf(anna).filter(({ done }) => done > 0)[0].done >= megabyte, "not from the beginning");
    assert.ok(equalBytes(await read(bert, chatId, item), content));
    assert.equal((await message(anna, chatId, "sent")).messageId, messageId);
    assert.equal((await bert.items(chatId)).filter((item) => item.kind === "message").length, 1);
    assert.deepEqual(await storeOf(anna).range("account", "upload/"), []);
  },

  "CONVERSATIONS: an upload goes on when the network is back, and texts need not wait": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const content = contentOf(5_000_000);
    breaksAfter(anna, 2);
    await anna.engine.sendFiles(chatId, newId(), [fileOf(content)], "");
    await anna.engine.send(chatId, newId(), "meanwhile");
    await bert.hears(chatId, anna.username, ["meanwhile"]);
    anna.refuses = () => false;
    anna.online = false;
    anna.disconnect();
    assert.equal((await message(anna, chatId, "waiting")).text, "");
    anna.online = true;
    await anna.engine.wake();
    assert.ok(equalBytes(await read(bert, chatId, await message(bert, chatId, "received")), content));
  },

  "CONVERSATIONS: an upload can be paused, resumed, and given up, also after a reload": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const [one, two] = [newId(), newId()];
    breaksAfter(anna, 1);
    await anna.engine.sendFiles(chatId, one, [fileOf(contentOf(3_000_000))], "one");
    await anna.engine.pauseTransfer(chatId, one);
    anna.refuses = () => false;
    await anna.crash();
    await anna.connected();
    const [{ state, total }] = await anna.engine.transfers();
    assert.deepEqual([state, total], ["paused", 3_014_704]);
    breaksAfter(anna, 1);
    await anna.engine.sendFiles(chatId, two, [fileOf(contentOf(3_000_000))], "two");
    await anna.engine.cancelTransfer(chatId, two);
    anna.refuses = () => false;
    assert.equal((await anna.engine.transfers()).length, 1);
    await anna.engine.resumeTransfer(chatId, one);
    await message(bert, chatId, "received");
    await message(anna, chatId, "sent");
    assert.deepEqual(await bert.texts(chatId), ["one"]);
    await anna.engine.cancelTransfer(chatId, one);
    assert.deepEqual(await anna.texts(chatId), ["one"], "what is sent stays");
    assert.deepEqual(await storeOf(anna).range("account", "upload/"), []);
  },

  "CONVERSATIONS: what is damaged or gone at the server has its code, and does not come out": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    await anna.engine.sendFiles(chatId, newId(), [fileOf(contentOf(3_000_000))], "");
    const item = await message(bert, chatId, "received");
    world.core.hostile.spoilBlob = (bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1);
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, item, 0, 0)), "L039");
    world.core.hostile.spoilBlob = (bytes) => bytes.slice(0, 100);
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, item, 0, 0)), "L020");
    world.core.hostile.spoilBlob = (bytes) => bytes;
    assert.equal((await bert.engine.attachmentPiece(chatId, item, 0, 0)).length, megabyte);
    await world.core.change((db) => db.run("DELETE FROM blobs"));
    await bert.connected();
    assert.equal((await bert.engine.attachmentPiece(chatId, item, 0, 0)).length, megabyte, "it is on the device");
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, item, 0, 1)), "E031");
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, item, 0, 9)), "L039");
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, item, 1, 0)), "L039");
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, { ...item, order: "x" }, 0, 0)), "L039");
  },

  "CONVERSATIONS: files answer, get a reaction and another text, are forwarded and deleted": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const content = contentOf(2_000_000);
    const asked = await bert.says(chatId, "a picture?");
    await anna.hears(chatId, bert.username, ["a picture?"]);
    const question = (await anna.items(chatId)).find((item) => item.kind === "message") as MessageItem;
    assert.equal(question.messageId, asked);
    await anna.engine.sendFiles(chatId, newId(), [fileOf(content)], "here", { replyTo: question });
    const item = await message(bert, chatId, "received");
    assert.equal(item.replyTo?.messageId, asked);
    await bert.engine.react(chatId, item, "👍");
    const sent = await message(anna, chatId, "sent");
    await anna.engine.editMessage(chatId, sent, "here it is");
    const changed = await bert.until(async () => {
      const item = await message(bert, chatId, "received");
      return item.text === "here it is" && item.reactions ? item : undefined;
    }, "the edit");
    assert.equal(changed.attachments!.length, 1);
    await world.core.change((db) => db.run("UPDATE blobs SET expires_ms = expires_ms - 1000000"));
    await bert.connected();
    const group = await bert.engine.startChat([anna.username], "others");
    await anna.sees(group);
    await bert.engine.forward(chatId, changed, [{ chatId: group, messageId: newId() }]);
    const forwarded = await message(anna, group, "received");
    assert.equal(forwarded.text, "here it is");
    assert.ok(equalBytes(await read(anna, group, forwarded), content));
    await anna.engine.deleteForEveryone(chatId, await message(anna, chatId, "sent"));
    await bert.until(
      async () => (await bert.items(chatId)).some((item) => item.kind === "message" && item.deleted),
      "it",
    );
    assert.equal(await codeOf(bert.engine.attachmentPiece(chatId, changed, 0, 0)), "L039");
  },

  "CONVERSATIONS: three messages with files, and five files that are read in turn": async (world) => {
    const { anna, bert, chatId } = await pair(world);
    const contents = [1, 2, 3, 4, 5].map((start) => contentOf(2_500_000).fill(start, 0, 9));
    const sent = [contents.slice(0, 1), contents.slice(1, 2), contents.slice(2)].map((some) =>
      anna.engine.sendFiles(chatId, newId(), some.map((content) => fileOf(content)), "")
    );
    await Promise.all(sent);
    const messages = await bert.until(async () => {
      const items = (await bert.items(chatId)).filter((item) => item.kind === "message") as MessageItem[];
      return items.length === 3 ? items : undefined;
    }, "three messages");
    const places = messages.flatMap((message) => message.attachments!.map((_, index) => ({ message, index })));
    const wholes = await Promise.all(places.map(({ message, index }) => read(bert, chatId, message, index)));
    assert.deepEqual(wholes.map(([start]) => start).sort(), [1, 2, 3, 4, 5]);
    assert.ok(wholes.every((whole) => contents.some((content) => equalBytes(content, whole))));
  },

  "CONVERSATIONS: a file that the server refuses fails with its code, and is sent once there is room": async (
    world,
  ) => {
    const { anna, bert, chatId } = await pair(world);
    const messageId = newId();
    const fill = [1, 2].map(() => anna.engine.sendFiles(chatId, newId(), [fileOf(contentOf(48_000_000))], ""));
    await Promise.all(fill);
    await anna.until(async () => (await anna.engine.transfers()).length === 0, "both are sent");
    await anna.engine.sendFiles(chatId, messageId, [fileOf(contentOf(6_000_000))], "third");
    const failed = await message(anna, chatId, "failed");
    assert.equal(failed.errorCode, "E032");
    await world.core.change((db) => db.run("DELETE FROM blobs"));
    await anna.connected();
    await anna.engine.send(chatId, messageId, "third");
    await bert.until(async () => (await bert.texts(chatId)).includes("third"), "the third");
  },

  "CONVERSATIONS: sizes over the limits, and a file that changes while it is read, are refused": async (world) => {
    const { anna, chatId } = await pair(world);
    const send = (files: OutgoingFile[], text = "") => codeOf(anna.engine.sendFiles(chatId, newId(), files, text));
    const note = fileOf(random(5));
    assert.equal(await send([]), "L011");
    assert.equal(await send(Array(31).fill(note)), "L011");
    assert.equal(await send([note], "x".repeat(16_385)), "L011");
    assert.equal(await send([note], "\u200b"), "L032");
    const sized = (size: number) => ({ ...note, source: { size, stream: () => new Blob([random(5)]).stream() } });
    assert.equal(await send([sized(500 * megabyte + 1)]), "L011");
    assert.equal(await send([sized(4)]), "L039");
    assert.equal(await send([sized(6)]), "L039");
    assert.deepEqual((await anna.items(chatId)).map(({ kind }) => kind), ["notice"]);
    assert.deepEqual(await anna.spool.list(), []);
    assert.equal(await codeOf(anna.engine.sendFiles("00".repeat(32), newId(), [note], "")), "L010");
    assert.deepEqual(await anna.spool.list(), []);
  },
});
