/** Channels: membership, and the order of checks that publish and commit share. */

import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { ensureQueue } from "./queues.ts";

const maxChannelsPerDevice = 1000;
/** Of all devices that the account has and had, while somebody can use them; and made within a day. */
const maxChannelsPerAccount = 2000;
const dayMs = 24 * 3_600_000;
/** How the envelope of a message begins (specification §2.5): CBOR of six fields; version, suite and kind are 1. */
const envelopeHead = [0x86, 1, 1, 1];

/** A channel as one of its members sees it. */
export interface Membership {
  /** The channel's number. */
  channel: number;
  /** Its current epoch. */
  epoch: number;
  /** The member's queue number. */
  queue: number;
  /** 1: this device made the channel, has written there, or came in by such a device of its account. */
  acted: 0 | 1;
}

/** A member device whose queue takes entries. */
export interface Member {
  /** Its queue number. */
  queue: number;
  recipientKey: Bytes;
}

/**
 * @throws WireError E016; a channel that does not exist gets the same answer as a foreign one, and a revoked
 *   device the same as a stranger
 */
export function requireMember(db: Database, channelId: Uint8Array, member: Uint8Array): Membership {
  const found = db.get<Membership>(
    `SELECT channel, epoch, queue, acted FROM channels JOIN members USING (channel) JOIN queues USING (queue)
     WHERE channel_id = ? AND recipient_key = ? AND dropped = 0`,
    channelId,
    member,
  );
  if (!found) throw new WireError(ErrorCode.notAMember, "not a member of this channel");
  return found;
}

/**
 * Notes that a device has written in a channel: its account takes part there (`isInvited`). A commit does not count.
 * Clients make some without their user, also in a stranger's channel: for who wants to leave, and for revoked devices.
 *
 * @param envelope what is published. A request to leave, by which an invitation is declined, is no taking part
 */
export function noteActed(db: Database, membership: Membership, envelope: Bytes): void {
  if (membership.acted || !envelopeHead.every((byte, index) => envelope[index] === byte)) return;
  db.run("UPDATE members SET acted = 1 WHERE channel = ? AND queue = ?", membership.channel, membership.queue);
  membership.acted = 1;
}

/**
 * specification §4.5: E017 iff the call's epoch is below the highest epoch that this device acknowledged or
 * committed. Any other epoch than the current one is E015.
 *
 * @throws WireError E017, E015
 */
export function requireCurrentEpoch(db: Database, { channel, epoch, queue }: Membership, called: number): void {
  const mark =
    db.get<{ epoch: number }>("SELECT epoch FROM marks WHERE channel = ? AND queue = ?", channel, queue)?.epoch ?? 0;
  if (called < mark) {
    throw new WireError(
      ErrorCode.staleEpoch,
      `this device has already been in epoch ${mark}, the call is of ${called}`,
    );
  }
  if (called !== epoch) {
    throw new WireError(ErrorCode.epochConflict, `the channel is in epoch ${epoch}, the call is of ${called}`);
  }
}

/** @returns the channel's members whose queues take entries */
export function receivers(db: Database, channel: number): Member[] {
  return db.all(
    `SELECT queue, recipient_key AS recipientKey FROM members JOIN queues USING (queue)
     WHERE channel = ? AND dropped = 0`,
    channel,
  );
}

export const channelOperations: Pick<Operations<DeliveryStore>, "createChannel" | "channelState"> = {
  createChannel(db, { creator, channelId }, { nowMs }) {
    const queue = ensureQueue(db, creator);
    const existing = db.get<{ creator: number }>("SELECT creator FROM channels WHERE channel_id = ?", channelId);
    if (existing?.creator === queue) return;
    if (existing) throw new WireError(ErrorCode.forbidden, "this channel id is another's");
    requireRoom(db, queue, creator, nowMs);
    const channel =
      db.run("INSERT INTO channels (channel_id, creator, created_ms) VALUES (?, ?, ?)", channelId, queue, nowMs)
        .lastInsertRowid;
    db.run("INSERT INTO members (channel, queue, acted) VALUES (?, ?, 1)", channel, queue);
  },

  channelState(db, { member, channelId }) {
    const { channel, epoch } = requireMember(db, channelId, member);
    const rows = db.all<{ recipient_key: Bytes }>(
      "SELECT recipient_key FROM members JOIN queues USING (queue) WHERE channel = ? ORDER BY recipient_key",
      channel,
    );
    return { epoch, members: rows.map(({ recipient_key }) => recipient_key) };
  },
};

/** @throws WireError E032 when the device, or its account, has as many channels as it may */
function requireRoom(db: Database, queue: number, creator: Bytes, nowMs: number): void {
  const { count } = db.get<{ count: number }>(
    "SELECT count(*) AS count FROM channels INDEXED BY channels_open WHERE creator = ? AND closed = 0",
    queue,
  )!;
  if (count >= maxChannelsPerDevice) {
    throw new WireError(ErrorCode.quotaExceeded, `a device may make ${maxChannelsPerDevice} channels`);
  }
  const creators = `creator IN (
    SELECT queue FROM devices AS present JOIN devices AS own USING (account_key)
    JOIN queues ON queues.recipient_key = own.recipient_key WHERE present.recipient_key = ?)`;
  const { open, made } = db.get<{ open: number; made: number }>(
    `SELECT (SELECT count(*) FROM channels INDEXED BY channels_open WHERE ${creators} AND closed = 0) AS open,
       (SELECT count(*) FROM channels INDEXED BY channels_by_creator WHERE ${creators} AND created_ms > ?) AS made`,
    creator,
    creator,
    nowMs - dayMs,
  )!;
  if (open < maxChannelsPerAccount && made < maxChannelsPerAccount) return;
  throw new WireError(
    ErrorCode.quotaExceeded,
    `an account may have, and make in a day, ${maxChannelsPerAccount} channels`,
  );
}
