/**
 * What this device keeps of its account, as JSON Lines (docs/export.md), part by part: a part is read from the storage
 * when it is asked for, so that 100,000 messages never lie in memory. It reads records and names each field that goes
 * out: private keys, tokens and MLS states are in other records and fields.
 */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { readDeviceList } from "../../schema/device_list.ts";
import { AccountRecords } from "../account/account_records.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import { type AccountRecord, DirectoryStore } from "../account/directory/directory_store.ts";
import type { ExportPart, TimelineItem } from "../api/engine_api.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { itemOf, summaryOf } from "../sync/conversation/projection.ts";
import { type ConversationRecord, keys, type LineRecord } from "../sync/conversation/records.ts";
import { conversationFromStored, type StoredConversation } from "../sync/conversation/stored_conversation.ts";
import { isShown } from "../sync/conversation/standing.ts";

/** The version of the format (docs/export.md). Fields are only added to a version. */
const exportVersion = 1;

/** Lines of a chat that one part has: with texts of 16 KiB it stays below 4 MB. */
const linesPerPart = 200;

/** Chats that are looked at to find the next one that is shown. */
const chatsAtOnce = 20;

/** Where a part begins: a chat, and the place in it behind which it goes on. Chats are read in order of their ids. */
interface Place {
  /** The chat that is being written, or has been written: "" before the first. */
  chatId: string;
  /** The place of the newest line that was written; absent: the chat is done. */
  after?: string;
  done: number;
  messages: number;
  /** Chats when the export began. To count them again for each chat would take minutes where they are many. */
  total: number;
}

type Line = { type: string } & Record<string, unknown>;

/** @param ms since the Unix epoch @returns ISO 8601 in UTC */
const time = (ms: number) => new Date(ms).toISOString();

/**
 * @param nowMs by this device's clock
 * @param from `next` of the part before
 * @throws EngineError L002, L038; StorageError
 */
export async function exportPart(store: SealedStore, nowMs: number, from: string | undefined): Promise<ExportPart> {
  const device = await new AccountRecords(store).device();
  if (!device) throw new EngineError({ code: LocalCode.notSignedIn, detail: "this profile has no account" });
  if (from === undefined) {
    const lines = [{ type: "quicproquo-export", version: exportVersion, exportedAt: time(nowMs) }];
    const next: Place = { chatId: "", done: 0, messages: 0, total: await countChats(store) };
    return partOf([...lines, ...await peopleOf(store, device)], next, next.total);
  }
  return await chatPart(store, device, placeOf(from));
}

async function chatPart(store: SealedStore, device: StoredDevice, place: Place): Promise<ExportPart> {
  const isNew = place.after === undefined;
  const chatId = isNew ? await chatAfter(store, place.chatId) : place.chatId;
  if (chatId === undefined) {
    const end = { type: "end", chats: place.done, messages: place.messages };
    return partOf([end], undefined, place.done);
  }
  const found = await store.range<LineRecord>("messages", `${chatId}/`, {
    limit: linesPerPart,
    ...(!isNew && { after: keys.line(chatId, place.after!) }),
  });
  const lines = found.map(({ value }) => lineOf(chatId, value));
  const messages = place.messages + lines.filter(({ type }) => type === "message").length;
  const isDone = found.length < linesPerPart;
  const { total } = place;
  const next = isDone
    ? { chatId, done: place.done + 1, messages, total }
    : { chatId, after: found[found.length - 1].value.order, done: place.done, messages, total };
  // A chat that is being written was there when it began; it may have gone since.
  const head = isNew ? await chatOf(store, device, chatId) : [];
  return partOf([...head, ...lines], next, Math.max(total, next.done));
}

function isListed(stored: StoredConversation): boolean {
  return isShown(conversationFromStored(stored)) && !stored.cleared;
}

/** @returns how many chats the chat list shows */
async function countChats(store: SealedStore): Promise<number> {
  const records = await store.range<StoredConversation>("groups", "");
  return records.filter(({ value }) => isListed(value)).length;
}

/** @returns the id of the next chat that the chat list shows; undefined behind the last */
async function chatAfter(store: SealedStore, chatId: string): Promise<string | undefined> {
  for (let after = chatId;;) {
    const records = await store.range<StoredConversation>("groups", "", {
      limit: chatsAtOnce,
      ...(after !== "" && { after }),
    });
    const shown = records.find(({ value }) => isListed(value));
    if (shown || records.length < chatsAtOnce) return shown?.key;
    after = records[records.length - 1].key;
  }
}

/** The account with its devices, and the people whom this device knows. */
async function peopleOf(store: SealedStore, device: StoredDevice): Promise<Line[]> {
  const known = await new DirectoryStore(store).all();
  const own = toHex(device.accountKey);
  const listed = known.find(({ accountKey }) => toHex(accountKey) === own);
  const devices = listed ? readDeviceList(listed.signed.list).devices : [];
  return [
    {
      type: "account",
      username: device.username,
      accountKey: own,
      deviceId: toHex(device.deviceId),
      devices: devices.map(({ deviceId, recipientKey }) => ({
        deviceId: toHex(deviceId),
        publicKey: toHex(recipientKey),
      })),
    },
    ...known.filter(({ accountKey }) => toHex(accountKey) !== own).map(contactOf),
  ];
}

function contactOf({ username, accountKey, verified, firstSeenMs, changedKey }: AccountRecord): Line {
  return {
    type: "contact",
    username,
    accountKey: toHex(accountKey),
    verified,
    firstSeenAt: time(firstSeenMs),
    ...(changedKey && { changedKey: toHex(changedKey) }),
  };
}

async function chatOf(store: SealedStore, device: StoredDevice, chatId: string): Promise<Line[]> {
  const [stored, storedMembers, draft] = await Promise.all([
    store.get<StoredConversation>("groups", chatId),
    store.get<ConversationRecord["members"]>("epochs", keys.members(chatId)),
    store.get<string>("account", `draft/${chatId}`),
  ]);
  const members = stored?.members ?? storedMembers;
  // It has gone since the export began.
  if (!stored || !members) return [];
  const own = { username: device.username, accountKey: toHex(device.accountKey as Bytes) };
  const summary = summaryOf(chatId, { ...conversationFromStored(stored), members }, own, () => ({}));
  return [{
    type: "chat",
    chatId,
    kind: summary.kind,
    title: summary.title,
    active: summary.active || summary.recovering === true,
    ...(summary.invitation && { invitation: true }),
    activityAt: time(summary.activityMs),
    unread: summary.unread,
    ...(summary.pinned !== undefined && { pinned: summary.pinned }),
    ...(summary.archived && { archived: true }),
    ...(summary.muted && { mutedUntil: summary.muted.untilMs === undefined ? "always" : time(summary.muted.untilMs) }),
    ...(summary.markedUnread && { markedUnread: true }),
    ...(summary.timerMs !== undefined && { timerSeconds: summary.timerMs / 1_000 }),
    ...(summary.description !== undefined && { description: summary.description }),
    members: members.map(({ username, accountKey, role }) => ({ username, accountKey, role })),
    ...(draft !== undefined && { draft }),
  }];
}

function lineOf(chatId: string, line: LineRecord): Line {
  const item: TimelineItem = itemOf(line);
  if (item.kind === "notice") {
    return { type: "notice", chatId, at: time(item.atMs), notice: item.notice, values: item.values };
  }
  const { messageId, sender, own, text, atMs, state, errorCode } = item;
  const { timerMs, expiresMs } = item;
  const { elsewhere, revokedDevice, edited, deleted, unsupported, replyTo, reactions, attachments, poll } = item;
  return {
    type: "message",
    chatId,
    messageId,
    sender,
    senderKey: (line as { senderKey?: string }).senderKey,
    own,
    at: time(atMs),
    state,
    text,
    ...(errorCode !== undefined && { errorCode }),
    ...(timerMs !== undefined && { timerSeconds: timerMs / 1_000 }),
    ...(expiresMs !== undefined && { disappearsAt: time(expiresMs) }),
    ...(elsewhere && { elsewhere }),
    ...(revokedDevice && { revokedDevice }),
    ...(attachments && { attachments: attachments.map(({ name, type, kind, size }) => ({ name, type, kind, size })) }),
    ...(edited && { edited }),
    ...(deleted && { deleted }),
    ...(unsupported && { unsupported }),
    ...(replyTo && { replyTo: { id: replyTo.id, ...(replyTo.messageId && { messageId: replyTo.messageId }) } }),
    ...(poll && { poll }),
    ...(reactions && { reactions: reactions.map(({ sender, senderKey, text }) => ({ sender, senderKey, text })) }),
  };
}

/** C1 control characters, line separators, and what changes the direction of writing: cli/output.ts. */
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @returns the line as JSON that a terminal or an editor shows as it is */
function printed(line: Line): string {
  return JSON.stringify(line).replace(steering, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function partOf(lines: Line[], next: Place | undefined, total: number): ExportPart {
  return {
    lines: lines.map((line) => `${printed(line)}\n`).join(""),
    ...(next && { next: JSON.stringify(next) }),
    done: next ? next.done : total,
    total,
  };
}

/** @throws EngineError L038 */
function placeOf(text: string): Place {
  const place = readJson(text) as Partial<Place> | undefined;
  const isId = typeof place?.chatId === "string" && /^([0-9a-f]{64})?$/.test(place.chatId);
  const isPlace = place?.after === undefined || typeof place.after === "string";
  if (isId && isPlace && [place.done, place.messages, place.total].every(Number.isSafeInteger)) return place as Place;
  throw new EngineError({ code: LocalCode.badCursor, detail: "the export has no such part" });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
