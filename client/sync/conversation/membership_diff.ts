/**
 * The differences between two epochs as lines of a conversation: accounts and devices, by MLS state alone.
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { GroupInfo, Member } from "../../mls/types.ts";
import type { GroupData } from "../../mls/group_data.ts";
import type { NoticeKind } from "../../api/engine_api.ts";
import type { ConversationMember, ConversationRecord } from "./records.ts";

/** @returns the accounts of these devices, in leaf order */
export function accountsOf(members: Member[]): ConversationMember[] {
  const accounts = new Map<string, ConversationMember>();
  for (const { credential, role } of members) {
    const accountKey = toHex(credential.accountKey);
    if (!accounts.has(accountKey)) accounts.set(accountKey, { username: credential.username, accountKey, role });
  }
  return [...accounts.values()];
}

export interface EpochChange {
  committer: Member;
  before: Member[];
  after: Member[];
  /** Devices that had asked to leave. */
  leaving: Member[];
  /** Devices that one commit removed and added again (specification §3.4). */
  readded: Member[];
  infoChange?: { before: GroupInfo; after: GroupInfo };
}

export interface Notice {
  notice: NoticeKind;
  values: Record<string, string>;
}

/** @returns the lines that a commit puts into the conversation; none for a plain update */
export function noticesOf({ committer, before, after, leaving, readded, infoChange }: EpochChange): Notice[] {
  const by = { by: committer.credential.username };
  const [accountsBefore, accountsAfter] = [accountsOf(before), accountsOf(after)];
  return [
    ...accountNotices(
      accountsBefore,
      accountsAfter,
      by,
      new Set(leaving.map(({ credential }) => toHex(credential.accountKey))),
    ),
    ...deviceNotices(before, after, accountsBefore, accountsAfter),
    ...readded.map(({ credential }): Notice => ({
      notice: "rejoined",
      values: { who: credential.username, ...by, device: toHex(credential.deviceId).slice(0, 8) },
    })),
    ...roleNotices(accountsBefore, accountsAfter, by),
    ...(infoChange ? nameNotices(infoChange.before.name, infoChange.after.name, by) : []),
    ...(infoChange ? dataNotices(infoChange.before.data, infoChange.after.data, by) : []),
  ];
}

/** A group as a conversation remembers it. */
export interface Remembered {
  name: string;
  data?: GroupData | undefined;
  members: ConversationMember[];
  /** Known where the group's state is available. */
  devices?: Member[];
}

/**
 * @param after the devices and the name with which the conversation continues
 * @returns the lines for the differences, where this device has not seen the commits between. They do not
 *   name who made the changes
 */
export function membershipDiff(
  before: Remembered,
  after: { name: string; data?: GroupData | undefined; devices: Member[] },
): Notice[] {
  const accounts = accountsOf(after.devices);
  return [
    ...accountNotices(before.members, accounts, {}, new Set()),
    ...(before.devices ? deviceNotices(before.devices, after.devices, before.members, accounts) : []),
    ...roleNotices(before.members, accounts, {}),
    ...nameNotices(before.name, after.name, {}),
    ...dataNotices(before.data, after.data, {}),
  ];
}

interface By {
  by?: string;
}

const has = (accounts: ConversationMember[], key: string) => accounts.some(({ accountKey }) => accountKey === key);

function accountNotices(
  before: ConversationMember[],
  after: ConversationMember[],
  by: By,
  left: ReadonlySet<string>,
): Notice[] {
  const gone = before.filter(({ accountKey }) => !has(after, accountKey));
  const come = after.filter(({ accountKey }) => !has(before, accountKey));
  return [
    ...gone.map(({ username, accountKey }): Notice =>
      left.has(accountKey)
        ? { notice: "left", values: { who: username } }
        : { notice: "removed", values: { who: username, ...by } }
    ),
    ...come.map(({ username }): Notice => ({ notice: "added", values: { who: username, ...by } })),
  ];
}

function roleNotices(before: ConversationMember[], after: ConversationMember[], by: By): Notice[] {
  return after.flatMap(({ username, accountKey, role }): Notice[] => {
    const roleBefore = before.find((account) => account.accountKey === accountKey)?.role;
    return roleBefore === undefined || roleBefore === role
      ? []
      : [{ notice: role === "admin" ? "promoted" : "demoted", values: { who: username, ...by } }];
  });
}

function nameNotices(before: string, after: string, by: By): Notice[] {
  return before === after ? [] : [{ notice: "renamed", values: { ...by, name: after } }];
}

function samePicture(before: Bytes | undefined, after: Bytes | undefined): boolean {
  return before && after ? equalBytes(before, after) : before === after;
}

function dataNotices(before: GroupData | undefined, after: GroupData | undefined, by: By): Notice[] {
  const { timerMs } = after ?? {};
  const timer: Notice = timerMs === undefined
    ? { notice: "timer-off", values: { ...by } }
    : { notice: "timer-set", values: { ...by, timerMs: String(timerMs) } };
  return [
    ...(before?.timerMs === timerMs ? [] : [timer]),
    ...(before?.description === after?.description ? [] : [{ notice: "described" as const, values: { ...by } }]),
    ...(samePicture(before?.picture, after?.picture) ? [] : [{ notice: "pictured" as const, values: { ...by } }]),
  ];
}

/**
 * @param before how this device knew the chat when it was last in it
 * @param own the own account's key as hex: its return has a line of its own
 * @returns the lines for what became of the chat while this device was out of it; who did it is not named,
 *   because nothing proves it
 */
export function unseenChanges(
  before: Readonly<Pick<ConversationRecord, "name" | "members" | "data">>,
  after: Readonly<Pick<ConversationRecord, "name" | "members" | "data">>,
  own: string,
): Notice[] {
  const others = (members: ConversationMember[]) => members.filter(({ accountKey }) => accountKey !== own);
  return [
    ...accountNotices(others(before.members), others(after.members), {}, new Set()),
    ...roleNotices(before.members, after.members, {}),
    ...nameNotices(before.name, after.name, {}),
    ...dataNotices(before.data, after.data, {}),
  ];
}

/** Every added device is a visible line (specification §1.2). */
function deviceNotices(
  before: Member[],
  after: Member[],
  accountsBefore: ConversationMember[],
  accountsAfter: ConversationMember[],
): Notice[] {
  const notices: Notice[] = [];
  const stays = ({ credential }: Member) =>
    [accountsBefore, accountsAfter].every((accounts) => has(accounts, toHex(credential.accountKey)));
  const device = ({ credential }: Member) => ({
    who: credential.username,
    device: toHex(credential.deviceId).slice(0, 8),
  });
  const find = (members: Member[], wanted: Member) =>
    members.find(({ recipientKey }) => toHex(recipientKey) === toHex(wanted.recipientKey));
  for (const member of before) {
    if (stays(member) && !find(after, member)) notices.push({ notice: "device-removed", values: device(member) });
  }
  for (const member of after) {
    if (stays(member) && !find(before, member)) notices.push({ notice: "device-added", values: device(member) });
  }
  return notices;
}
