import assert from "node:assert/strict";
import type { AttachmentInfo, MessageItem, TimelineItem } from "../../api/engine_api.ts";
import { chatFiles } from "./chat_files.ts";

const orderOf = (place: number) => String(place).padStart(6, "0");

function message(place: number, attachments?: AttachmentInfo[], more: Partial<MessageItem> = {}): TimelineItem {
  return {
    kind: "message",
    messageId: `m${place}`,
    order: orderOf(place),
    sender: "anna",
    senderKey: "00",
    own: false,
    text: "",
    atMs: place,
    state: "received",
    ...(attachments && { attachments }),
    ...more,
  };
}

const file = (name: string, kind: AttachmentInfo["kind"]): AttachmentInfo => ({ name, kind, type: "x/y", size: 1 });

/** A history of these items, and how many pages were read. */
function historyOf(items: TimelineItem[]) {
  const read = { pages: 0 };
  return {
    read,
    page(_chatId: string, before?: string, limit = 50) {
      read.pages++;
      const older = items.filter(({ order }) => before === undefined || order < before);
      const page = older.slice(-limit);
      return Promise.resolve(older.length > limit ? { items: page, before: page[0].order } : { items: page });
    },
  };
}

Deno.test("CONVERSATIONS: a chat's files are listed by kind, newest first, an album in its order", async () => {
  const history = historyOf([
    message(1, [file("a.png", "image"), file("b.mp4", "video"), file("c.pdf", "file")]),
    message(2, [file("v.webm", "voice")]),
    message(3),
    message(4, [file("song.mp3", "audio")]),
    message(5, [file("gone.png", "image")], { deleted: true }),
    message(6, [file("d.png", "image")]),
  ]);
  const names = async (kind: "media" | "voice" | "files") =>
    (await chatFiles(history, "c", kind)).files.map(({ attachment, index }) => `${attachment.name} ${index}`);
  assert.deepEqual(await names("media"), ["d.png 0", "a.png 0", "b.mp4 1"]);
  assert.deepEqual(await names("voice"), ["v.webm 0"]);
  assert.deepEqual(await names("files"), ["song.mp3 0", "c.pdf 2"]);
});

Deno.test("CONVERSATIONS: a call for files looks through 2,000 lines at most, and the next goes on", async () => {
  const items = Array.from({ length: 4_500 }, (_, place) => message(place));
  items[10] = message(10, [file("first.png", "image")]);
  const history = historyOf(items);
  const pages = [];
  let before: string | undefined;
  do {
    history.read.pages = 0;
    const page: Awaited<ReturnType<typeof chatFiles>> = await chatFiles(history, "c", "media", before);
    assert.ok(history.read.pages <= 10);
    pages.push(page.files.map(({ message }) => message.order));
    before = page.before;
  } while (before !== undefined);
  assert.deepEqual(pages, [[], [], [orderOf(10)]]);
});

Deno.test("CONVERSATIONS: a call ends with some sixty files, and none is left out between two calls", async () => {
  const items = Array.from({ length: 1_000 }, (_, place) => message(place, [file(`${place}.png`, "image")]));
  const history = historyOf(items);
  const first = await chatFiles(history, "c", "media");
  assert.equal(first.files.length, 200);
  const second = await chatFiles(history, "c", "media", first.before);
  assert.equal(second.files[0].attachment.name, "799.png");
});
