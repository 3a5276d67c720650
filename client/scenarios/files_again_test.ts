/** Files on their way, as a page that opens meanwhile meets them. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { MessageItem, OutgoingFile } from "../api/engine_api.ts";
import { random } from "../testing/hostile_member.ts";
import { storeOf } from "../testing/message_kinds.ts";
import { type Person, suite } from "../testing/person.ts";

const newId = () => toHex(random(16));
const note = (): OutgoingFile => ({ name: "note.txt", type: "text/plain", source: new Blob(["five!"]) });

/** A file whose bytes can be read once something has happened. */
function noteAfter(rest: Promise<void>): OutgoingFile {
  const waits = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await rest;
      controller.enqueue(new Uint8Array(5));
      controller.close();
    },
  });
  return { ...note(), source: { size: 5, stream: () => waits } };
}

async function withFiles(person: Person, chatId: string): Promise<MessageItem[]> {
  const items = await person.items(chatId);
  return items.filter((item) => item.kind === "message").filter(({ attachments }) => attachments !== undefined);
}

suite("CONVERSATIONS: files again", {
  "CONVERSATIONS: a page that opens learns of files that are being encrypted": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const rest = Promise.withResolvers<void>();
    const megabyte = new Uint8Array(1024 * 1024);
    const source = {
      size: 3 * megabyte.length,
      stream: () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          async start(controller) {
            controller.enqueue(megabyte.slice());
            await rest.promise;
            controller.enqueue(megabyte.slice());
            controller.enqueue(megabyte.slice());
            controller.close();
          },
        }),
    };
    const messageId = newId();
    const sent = anna.engine.sendFiles(chatId, messageId, [{ ...note(), source }], "");
    const reading = await anna.until(
      async () => (await anna.engine.transfers()).find(({ done }) => done > 0),
      "a file that is being encrypted",
    );
    assert.deepEqual([reading.messageId, reading.state, reading.total > reading.done], [messageId, "reading", true]);
    rest.resolve();
    await sent;
    await anna.until(async () => (await anna.engine.transfers()).length === 0, "the file to be sent");
  },

  "CONVERSATIONS: a forward that is given up leaves the upload of its original": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const others = await anna.engine.startChat([bert.username], "others");
    await bert.sees(chatId);
    let parts = 2;
    anna.refuses = (method) => {
      if (method !== "putBlobPart" || parts-- > 0) return false;
      anna.disconnect();
      return true;
    };
    const [original, forwarded] = [newId(), newId()];
    const source = new Blob([new Uint8Array(3_000_000).fill(7)]);
    await anna.engine.sendFiles(chatId, original, [{ ...note(), source }], "");
    const [line] = await withFiles(anna, chatId);
    await anna.engine.pauseTransfer(chatId, original);
    await anna.engine.forward(chatId, line, [{ chatId: others, messageId: forwarded }]);
    await anna.engine.pauseTransfer(others, forwarded);
    anna.refuses = () => false;
    await anna.connected();
    await anna.engine.cancelTransfer(others, forwarded);
    await anna.engine.resumeTransfer(chatId, original);
    const [received] = await bert.until(async () => {
      const items = await withFiles(bert, chatId);
      return items.length > 0 ? items : undefined;
    }, "the original");
    assert.deepEqual(new Set(await bert.engine.attachmentPiece(chatId, received, 0, 2)), new Set([7]));
    assert.deepEqual((await withFiles(anna, chatId)).map(({ state }) => state), ["sent"]);
    await anna.engine.cancelTransfer(others, forwarded);
    assert.deepEqual(await withFiles(anna, others), []);
  },

  "CONVERSATIONS: a chat that is deleted ends its uploads, and leaves those of others": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const others = await anna.engine.startChat([bert.username], "others");
    await bert.sees(others);
    anna.refuses = (method) => method === "putBlobPart";
    const rest = Promise.withResolvers<void>();
    await anna.engine.sendFiles(chatId, newId(), [note()], "not to be sent");
    await anna.engine.sendFiles(others, newId(), [note()], "to be sent");
    const givenUp = anna.engine.sendFiles(chatId, newId(), [noteAfter(rest.promise)], "").catch(() => {});
    const deleted = anna.engine.deleteChat(chatId);
    rest.resolve();
    await deleted;
    await givenUp;
    const uploads = await storeOf(anna).range<{ chatId: string }>("account", "upload/");
    assert.deepEqual(uploads.map(({ value }) => value.chatId), [others]);
    assert.deepEqual((await anna.engine.transfers()).map(({ chatId }) => chatId), [others]);
    assert.deepEqual([(await anna.spool.list()).length, await anna.items(chatId)], [1, []]);
    anna.refuses = () => false;
    await anna.crash();
    await bert.until(async () => (await bert.texts(others)).includes("to be sent"), "the other chat's file");
    assert.deepEqual(await withFiles(bert, chatId), []);
  },

  "CONVERSATIONS: a file that is encrypted while its chat is deleted brings nothing of it back": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await anna.says(chatId, "to be deleted");
    const deleting = Promise.withResolvers<void>();
    const encrypted = Promise.withResolvers<void>();
    const write = anna.storage.write.bind(anna.storage);
    anna.storage.write = async (batch) => {
      if (batch.deletes?.some(({ store }) => store === "messages")) {
        deleting.resolve();
        await encrypted.promise;
      }
      await write(batch);
    };
    const rest = Promise.withResolvers<void>();
    const sent = anna.engine.sendFiles(chatId, newId(), [noteAfter(rest.promise)], "").then(
      () => "sent",
      () => "given up",
    );
    const deleted = anna.engine.deleteChat(chatId);
    await deleting.promise;
    rest.resolve();
    await anna.until(async () => (await anna.engine.transfers()).some(({ done }) => done > 0), "the file in the spool");
    // Its line is to be written next.
    await new Promise((resolve) => setTimeout(resolve, 50));
    encrypted.resolve();
    await deleted;
    assert.equal(await sent, "given up");
    assert.deepEqual(await anna.engine.chats(), []);
    assert.deepEqual([await anna.items(chatId), await anna.spool.list(), await anna.engine.transfers()], [[], [], []]);
    await anna.crash();
    assert.deepEqual(await anna.engine.chats(), []);
  },

  "CONVERSATIONS: a message that is refused after its files were sent goes out again, and once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "group");
    await bert.sees(chatId);
    const messageId = newId();
    bert.refuses = (method) => method === "publish";
    await bert.engine.sendFiles(chatId, messageId, [note()], "");
    await bert.until(async () => (await bert.engine.transfers()).length === 0, "the file to be at the server");
    bert.online = false;
    bert.disconnect();
    await anna.engine.removePerson(chatId, bert.username);
    [bert.online, bert.refuses] = [true, () => false];
    await bert.engine.wake();
    const isFailed = async () => (await withFiles(bert, chatId))[0]?.state === "failed";
    await bert.until(isFailed, "the message to fail");
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.until(
      async () => (await bert.engine.chats()).some((chat) => chat.chatId === chatId && chat.active),
      "in",
    );
    await bert.engine.acceptInvitation(chatId).catch(() => {});
    await bert.engine.resumeTransfer(chatId, messageId);
    await bert.engine.resumeTransfer(chatId, messageId);
    await anna.until(async () => (await withFiles(anna, chatId)).length > 0, "the file");
    await bert.says(chatId, "after it");
    await anna.until(async () => (await anna.texts(chatId)).includes("after it"), "what comes after it");
    assert.equal((await withFiles(anna, chatId)).length, 1);
  },
});
