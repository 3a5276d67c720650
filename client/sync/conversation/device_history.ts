/**
 * Since when each member device is in the group. A message is sent again only to devices that were members at its epoch
 * (GRP-6.8).
 *
 * The device counts, not its leaf: one commit that removes a device and adds it again changes nothing. A device that
 * was out of the group for an epoch counts as new.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { GroupState, Member, Mls } from "../../mls/group.ts";

/** Devices that came with one epoch. For those of the first epoch that this device knows: that epoch. */
export interface DevicesSince {
  /** hex */
  channel: string;
  n: number;
  /** recipientKeys as hex */
  devices: string[];
}

/** The channel (hex) and the epoch in which a message was sent. */
export interface SentAt {
  channel: string;
  epoch: number;
}

/** What the questions below need of a conversation's record. */
interface Known {
  channelId: Bytes;
  /** Channels before, as hex, newest last. */
  earlier?: string[];
  epoch: number;
  devices?: DevicesSince[];
}

/**
 * @param members of the epoch
 * @returns the history with that epoch; the same list where nobody came or went
 */
export function devicesAfter(
  before: DevicesSince[],
  members: Member[],
  { channelId, epoch }: Pick<GroupState, "channelId" | "epoch">,
): DevicesSince[] {
  const present = new Set(members.map(({ recipientKey }) => toHex(recipientKey)));
  const known = new Set(before.flatMap(({ devices }) => devices));
  const come = [...present].filter((device) => !known.has(device));
  if (come.length === 0 && known.size === present.size) return before;
  const stay = before.map((since) => ({ ...since, devices: since.devices.filter((device) => present.has(device)) }))
    .filter(({ devices }) => devices.length > 0);
  return come.length === 0 ? stay : [...stay, { channel: toHex(channelId), n: Number(epoch), devices: come }];
}

/**
 * @param history absent in data of an earlier version: then it begins with the epoch before
 * @param before the state of the epoch before, where it is known
 * @param state of the epoch that begins
 * @returns the history with that epoch
 */
export function devicesIn(
  mls: Pick<Mls, "members">,
  history: DevicesSince[] | undefined,
  before: GroupState | undefined,
  state: GroupState,
): DevicesSince[] {
  const known = history ?? (before?.active ? devicesAfter([], mls.members(before), before) : []);
  return devicesAfter(known, mls.members(state), state);
}

/** Whether devices that came with `since` were there at the message. */
function wereThere(
  { channelId, earlier = [] }: Known,
  since: Pick<DevicesSince, "channel" | "n">,
  sent: SentAt,
): boolean {
  const channels = [...earlier, toHex(channelId)];
  const [came, said] = [channels.indexOf(since.channel), channels.indexOf(sent.channel)];
  // A channel that is not remembered is older than all that are. Of the message's own channel nothing is known then.
  return said >= 0 && (came < said || (came === said && since.n <= sent.epoch));
}

/**
 * Without a history (data of an earlier version) it is only known that the present devices are there in the present
 * epoch. So they count as late for every message before.
 *
 * @returns whether the group has a device that came after the message
 */
export function hasLaterDevice(record: Known, sent: SentAt): boolean {
  const history = record.devices ?? [{ channel: toHex(record.channelId), n: record.epoch }];
  return history.some((since) => !wereThere(record, since, sent));
}

/**
 * @param present recipientKeys of the present members as hex
 * @returns those of them that were there at the message
 */
export function devicesThere(record: Known, present: string[], sent: SentAt): string[] {
  const { devices: history } = record;
  if (!history) return hasLaterDevice(record, sent) ? [] : present;
  const there = new Set(
    history.filter((since) => wereThere(record, since, sent)).flatMap(({ devices }) => devices),
  );
  return present.filter((device) => there.has(device));
}
