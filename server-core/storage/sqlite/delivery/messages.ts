/** Messages: publish to a channel, enqueue to one device. */

import { type Bytes, equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { DeliveryStore, OrderedAnswer, OrderedMessage, Published } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { releaseBody, storeBody } from "./bodies.ts";
import { type Member, type Membership, noteActed, receivers, requireCurrentEpoch, requireMember } from "./channels.ts";
import { type Looks, maxLooks } from "./making_room.ts";
import { takePlace } from "./places.ts";
import { noteLost, queueForEach, queueFullRetryMs, takesNothing } from "./recipients.ts";

/** How many direct entries of one device may wait for another. */
const maxWaitingPerPair = 100;
/** … of all devices of one account, and their bytes: an account may have 20 devices, and replace them. */
const maxWaitingOfAccount = 300;
const maxWaitingBytesOfAccount = 8 * 1024 * 1024;

export const messageOperations: Pick<
  Operations<DeliveryStore>,
  "publish" | "publishInOrder" | "ephemeralRecipients" | "enqueue"
> = {
  publish(db, { sender, channelId, ...message }, { nowMs }) {
    const membership = requireMember(db, channelId, sender);
    return answered(db, membership, message) ?? store(db, membership, message, nowMs, { left: maxLooks });
  },

  publishInOrder(db, { sender, channelId, messages }, { nowMs }) {
    const membership = requireMember(db, channelId, sender);
    const answers: OrderedAnswer[] = [];
    const looks = { left: maxLooks };
    for (const message of messages) {
      try {
        const before = answered(db, membership, message);
        // In this transaction no epoch passes between two messages, so a refused one can not be overtaken.
        if (!before && answers.some(({ code }) => code !== 0)) break;
        answers.push({ code: 0, ...before ?? store(db, membership, message, nowMs, looks) });
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        answers.push({ code: error.code, receivedMs: 0, place: 0 });
      }
    }
    return answers;
  },

  ephemeralRecipients(db, { sender, channelId, epoch }) {
    const membership = requireMember(db, channelId, sender);
    requireMessageEpoch(db, membership, epoch);
    return receivers(db, membership.channel).filter(({ queue }) => queue !== membership.queue).map(({ recipientKey }) =>
      recipientKey
    );
  },

  enqueue(db, { sender, recipientKey, channelId, messageId, body, bodyHash }, { nowMs }) {
    const { channel, epoch, queue: from } = requireMember(db, channelId, sender);
    const to = receivers(db, channel).find((member) => equalBytes(member.recipientKey, recipientKey));
    if (!to) throw new WireError(ErrorCode.unknownRecipient, "no such device in this channel");
    const before = sentBefore(db, channel, from, to.queue, messageId, bodyHash);
    if (before) return { receivedMs: before.receivedMs, queued: [] };
    requireRoomFor(db, to.queue, from, body.length);
    noteSent(db, channel, from, to.queue, messageId, bodyHash, { receivedMs: nowMs, place: 0 });
    const stored = { number: storeBody(db, body, 1), length: body.length };
    const what = { kind: EntryKind.DIRECT, channel, epoch, id: messageId };
    const entry = { ...what, receivedMs: nowMs, body: stored, sender: from };
    return { receivedMs: nowMs, queued: queueForEach(db, [to], () => entry, takesNothing) };
  },
};

/** @throws WireError E013 when as much as may waits for the device already, of this device or of its account */
function requireRoomFor(db: Database, queue: number, from: number, bytes: number): void {
  const { ofDevice, waiting, held } = db.get<{ ofDevice: number; waiting: number; held: number }>(
    `SELECT ifnull(sum(sender = ?), 0) AS ofDevice, count(*) AS waiting, ifnull(sum(length), 0) AS held
     FROM entries INDEXED BY entries_direct JOIN bodies USING (body)
     WHERE queue = ? AND kind = ${EntryKind.DIRECT} AND sender IN (
       SELECT own.queue FROM queues AS sending JOIN devices AS present USING (recipient_key)
       JOIN devices AS owned USING (account_key) JOIN queues AS own ON own.recipient_key = owned.recipient_key
       WHERE sending.queue = ?)`,
    from,
    queue,
    from,
  )!;
  const isFull = ofDevice >= maxWaitingPerPair || waiting >= maxWaitingOfAccount ||
    held + bytes > maxWaitingBytesOfAccount;
  if (!isFull) return;
  throw new WireError(ErrorCode.queueFull, `${waiting} payloads wait for this device already`, queueFullRetryMs);
}

/**
 * @returns the answer to a repeat; undefined for a message that may be stored
 * @throws WireError E014, E017, E015; nothing is written then
 */
function answered(
  db: Database,
  membership: Membership,
  { epoch, messageId, bodyHash }: OrderedMessage,
): Published | undefined {
  const before = sentBefore(db, membership.channel, membership.queue, 0, messageId, bodyHash);
  if (before) return { ...before, queued: [] };
  requireMessageEpoch(db, membership, epoch);
  return undefined;
}

function store(
  db: Database,
  membership: Membership,
  { epoch, messageId, envelope, bodyHash }: OrderedMessage,
  nowMs: number,
  looks: Looks,
): Published {
  const { channel, queue: from } = membership;
  noteActed(db, membership, envelope);
  const answer = { receivedMs: nowMs, place: takePlace(db, channel, nowMs) };
  noteSent(db, channel, from, 0, messageId, bodyHash, answer);
  const to = receivers(db, channel).filter(({ queue }) => queue !== from);
  if (to.length === 0) return { ...answer, queued: [] };
  const body = { number: storeBody(db, envelope, to.length, answer.place), length: envelope.length };
  const what = { kind: EntryKind.APPLICATION, channel, epoch, id: messageId };
  const entry = { ...what, receivedMs: nowMs, body, sender: from };
  const lost = ({ queue }: Member) => {
    releaseBody(db, body.number);
    noteLost(db, queue, channel, nowMs);
  };
  return { ...answer, queued: queueForEach(db, to, () => entry, lost, looks) };
}

/** specification §2.8: no message is sent in epoch 0, whose only member is the creator. */
function requireMessageEpoch(db: Database, membership: Membership, epoch: number): void {
  requireCurrentEpoch(db, membership, epoch);
  if (epoch === 0) throw new WireError(ErrorCode.epochConflict, "epoch 0 carries no message");
}

/** The first answer to a message. */
type Sent = Pick<Published, "receivedMs" | "place">;

/** @returns the answer to the same message when it first came; E014 when its id was used for another body */
function sentBefore(
  db: Database,
  channel: number,
  sender: number,
  recipient: number,
  messageId: Bytes,
  bodyHash: Bytes,
): Sent | undefined {
  const before = db.get<Sent & { bodyHash: Bytes }>(
    `SELECT body_hash AS bodyHash, received_ms AS receivedMs, place FROM sent
     WHERE channel = ? AND sender = ? AND recipient = ? AND message_id = ?`,
    channel,
    sender,
    recipient,
    messageId,
  );
  if (!before) return undefined;
  if (!equalBytes(before.bodyHash, bodyHash)) {
    throw new WireError(ErrorCode.malformed, "this messageId was used for another message");
  }
  return { receivedMs: before.receivedMs, place: before.place };
}

function noteSent(
  db: Database,
  channel: number,
  sender: number,
  recipient: number,
  messageId: Bytes,
  bodyHash: Bytes,
  { receivedMs, place }: Sent,
): void {
  db.run(
    `INSERT INTO sent (channel, sender, recipient, message_id, body_hash, received_ms, place)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    channel,
    sender,
    recipient,
    messageId,
    bodyHash,
    receivedMs,
    place,
  );
}
