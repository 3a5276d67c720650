import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { replyKind } from "../../content/kinds/reply.ts";
import { textKind } from "../../content/kinds/text.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import { countKey } from "../conversation/places.ts";
import { type ConversationRecord, keys, type LineRecord, type SeenRecord } from "../conversation/records.ts";
import type { OutboxRecord, StoredOutbox } from "../conversation/outbox_record.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { UnitOfWork } from "../conversation/unit_of_work.ts";
import { messagesToResend, storeForResend } from "./resend.ts";

const chatId = "07".repeat(32);
const accountKey = new Uint8Array(32).fill(1);
const firstChannelId = new Uint8Array(32).fill(7);
const salt = new Uint8Array(16).fill(9);
const textBytes = (text: string): Bytes => encodeMimiContent(textKind.write({ text }, salt));

function sentLine(place: number, text: string, extra: Partial<MessageLine> = {}): MessageLine {
  return {
    kind: "message",
    messageId: toHex(new Uint8Array(16).fill(place)),
    order: countKey(place),
    sender: "anna",
    senderKey: toHex(accountKey),
    own: true,
    text,
    atMs: place,
    state: "sent",
    sentIn: { epoch: 1, atMs: place, salt },
    ...extra,
  };
}

/** @param known containers whose ids the device knows, by the place of their line */
async function resend(
  lines: LineRecord[],
  known: Record<number, Bytes> = {},
  history: Pick<ConversationRecord, "devices"> = { devices: [] },
): Promise<OutboxRecord[]> {
  const seen = new Map<string, SeenRecord>();
  for (const [place, bytes] of Object.entries(known)) {
    const id = await mimiMessageId(accountUri(accountKey), roomUri(firstChannelId), bytes, salt);
    seen.set(keys.mimi(chatId, toHex(id)), { order: countKey(Number(place)), atMs: 0 });
  }
  const context = {
    account: { accountKey, clock: { now: () => 1_000 } },
    store: {
      range: (store: string, _prefix: string, { limit, before }: { limit: number; before?: string }) =>
        Promise.resolve(
          store !== "messages"
            ? []
            : lines.toReversed().filter(({ order }) => before === undefined || order < before).slice(0, limit)
              .map((value) => ({ key: value.order, value })),
        ),
      get: (_store: string, key: string) => Promise.resolve(seen.get(key)),
    },
  } as unknown as SyncContext;
  const conversation = {
    id: chatId,
    record: { firstChannelId, channelId: firstChannelId, epoch: 9, ...history } as ConversationRecord,
  };
  return await messagesToResend(context, conversation, () => true);
}

async function resent(lines: MessageLine[], known: Record<number, Bytes> = {}): Promise<[string, Bytes][]> {
  return (await resend(lines, known)).map(({ messageId, content }) => [messageId, content]);
}

Deno.test("messagesToResend() gives the originally sent bytes, whatever the line shows now", async () => {
  const reply = encodeMimiContent(
    replyKind.write({ text: "yes", inReplyTo: Uint8Array.of(1, ...Array(31).fill(2)) }, salt),
  );
  const lines = [
    sentLine(1, "first words", { content: textBytes("first words") }),
    sentLine(2, "other words", { content: textBytes("first words"), edited: true }),
    sentLine(3, "yes", { content: reply, replyTo: { id: "02" } }),
  ];
  assert.deepEqual(
    await resent(lines),
    lines.map(({ messageId, content }) => [messageId, content]),
  );
});

Deno.test("messagesToResend() rebuilds the bytes of an older record only where they equal the sent bytes", async () => {
  const [plain, edited] = [sentLine(1, "first words"), sentLine(2, "other words")];
  const known = { 1: textBytes("first words"), 2: textBytes("words before the edit") };
  assert.deepEqual(await resent([plain, edited], known), [[plain.messageId, textBytes("first words")]]);
});

Deno.test("messagesToResend() leaves out deleted messages, and messages of other devices", async () => {
  const content = textBytes("first words");
  const deleted = sentLine(1, "", { content, deleted: true });
  const elsewhere = sentLine(2, "first words", { sentIn: undefined, elsewhere: true });
  assert.deepEqual(await resent([deleted, elsewhere]), []);
});

Deno.test("PEOPLE A3: messagesToResend() names where each message was sent first", async () => {
  const content = textBytes("words");
  const channel = "09".repeat(32);
  const lines = [
    sentLine(1, "words", { content }),
    sentLine(2, "words", { content, sentIn: { epoch: 4, channel, atMs: 2, salt } }),
  ];
  assert.deepEqual((await resend(lines)).map(({ firstSent }) => firstSent), [
    { channel: chatId, epoch: 1 },
    { channel, epoch: 4 },
  ]);
});

Deno.test("PEOPLE A3: without a history, a message is open to present devices if none came after it", async () => {
  const content = textBytes("words");
  const came: LineRecord = {
    kind: "notice",
    order: countKey(2),
    atMs: 2,
    notice: "device-added",
    values: { who: "bert", device: "01020304" },
  };
  const lines = [sentLine(1, "words", { content }), came, sentLine(3, "words", { content })];
  assert.deepEqual((await resend(lines, {}, {})).map(({ firstSent }) => firstSent), [
    { channel: chatId, epoch: 1 },
    { channel: "07".repeat(32), epoch: 9 },
  ]);
});

Deno.test("PEOPLE A3: without a history, this device's own return closes what it had sent before", async () => {
  const content = textBytes("words");
  const rejoined = (values: Record<string, string>): LineRecord => ({
    kind: "notice",
    order: countKey(2),
    atMs: 2,
    notice: "rejoined",
    values: { who: "anna", by: "bert", ...values },
  });
  const firstSent = async (line: LineRecord) =>
    (await resend([sentLine(1, "words", { content }), line], {}, {}))[0].firstSent;
  // Its lines name the accounts that came meanwhile, and no devices of those that were there.
  assert.deepEqual(await firstSent(rejoined({})), { channel: chatId, epoch: 1 });
  assert.deepEqual(await firstSent(rejoined({ device: "01020304" })), { channel: chatId, epoch: 9 });
});

Deno.test("storeForResend() keeps a message closed to whom it was closed, in one write and in two", async () => {
  const [conversation, place] = [
    { id: chatId, storageId: chatId } as unknown as ConversationTransaction,
    keys.line(chatId, "1"),
  ];
  const message = (epoch: number): OutboxRecord => ({
    chatId,
    messageId: "01".repeat(16),
    order: "1",
    kind: "message",
    content: textBytes("for those who were there"),
    resendSinceMs: 1,
    firstSent: { channel: chatId, epoch },
  });
  // Of an earlier version, which noted accounts.
  let disk: StoredOutbox | undefined = { ...message(2), notFor: ["eve"], toGive: ["0b"] };
  delete disk.firstSent;
  const context = { store: { get: () => Promise.resolve(disk) } } as unknown as SyncContext;
  const written = async (...epochs: number[]) => {
    const unit = new UnitOfWork(
      () => Promise.resolve(undefined),
      () => Promise.reject(),
      () => undefined,
      () => undefined,
    );
    for (const epoch of epochs) await storeForResend(context, unit, conversation, [message(epoch)]);
    disk = unit.peek("outbox", place)!.value as StoredOutbox;
    return [disk.notFor, disk.firstSent?.epoch, disk.toGive];
  };
  assert.deepEqual(await written(2, 5), [["eve"], 2, undefined], "two moves in one write");
  assert.deepEqual(await written(7), [["eve"], 2, undefined], "a move in a write of its own");
});

Deno.test("messagesToResend() looks through the newest 1,000 lines of a conversation", async () => {
  const content = textBytes("words");
  const lines = Array.from(
    { length: 1_001 },
    (_, place) => sentLine(place, "words", { content, messageId: `${place}` }),
  );
  const found = (await resent(lines)).map(([id]) => Number(id));
  assert.deepEqual([found.length, found[0], found.at(-1)], [1_000, 1, 1_000]);
});
