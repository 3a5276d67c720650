/** What changed between two epochs, in terms that a conversation shows: accounts and devices, by MLS state alone. */

import { toHex } from "../../schema/bytes.ts";
import type { GroupInfo, Member } from "../mls/types.ts";
import type { ChatMember, ChatRecord, NoticeKind } from "./records.ts";

/** @returns the accounts of these devices, in leaf order */
export function accountsOf(members: Member[]): ChatMember[] {
  const accounts = new Map<string, ChatMember>();
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
  /** Devices that were taken out and put back in one (PROTOCOL §3.4). */
  readded: Member[];
  infoChange?: { before: GroupInfo; after: GroupInfo };
}

export interface Notice {
  notice: NoticeKind;
  values: Record<string, string>;
}

/** @returns the lines that a commit puts into the conversation; none for a mere update */
export function noticesOf({ committer, before, after, leaving, readded, infoChange }: EpochChange): Notice[] {
  const by = committer.credential.username;
  const [accountsBefore, accountsAfter] = [accountsOf(before), accountsOf(after)];
  const has = (accounts: ChatMember[], key: string) => accounts.some(({ accountKey }) => accountKey === key);
  const left = new Set(leaving.map(({ credential }) => toHex(credential.accountKey)));
  const notices: Notice[] = [];
  for (const { username, accountKey } of accountsBefore) {
    if (has(accountsAfter, accountKey)) continue;
    notices.push(left.has(accountKey) ? { notice: "left", values: { who: username } } : { notice: "removed", values: { who: username, by } });
  }
  for (const { username, accountKey } of accountsAfter) {
    if (!has(accountsBefore, accountKey)) notices.push({ notice: "added", values: { who: username, by } });
  }
  notices.push(...deviceNotices(before, after, accountsBefore, accountsAfter));
  for (const { credential } of readded) notices.push({ notice: "rejoined", values: { who: credential.username, by, device: toHex(credential.deviceId).slice(0, 8) } });
  for (const { username, accountKey, role } of accountsAfter) {
    const roleBefore = accountsBefore.find((account) => account.accountKey === accountKey)?.role;
    if (roleBefore !== undefined && roleBefore !== role) notices.push({ notice: role === "admin" ? "promoted" : "demoted", values: { who: username, by } });
  }
  if (infoChange && infoChange.before.name !== infoChange.after.name) notices.push({ notice: "renamed", values: { by, name: infoChange.after.name } });
  return notices;
}

/**
 * @param before how this device knew the chat when it was last in it
 * @param own the own account's key as hex: that it is back is told by itself
 * @returns the lines for what became of the chat while this device was out of it; who did it is not named, because nothing proves it
 */
export function unseenChanges(before: Readonly<Pick<ChatRecord, "name" | "members">>, after: Readonly<Pick<ChatRecord, "name" | "members">>, own: string): Notice[] {
  const find = (members: ChatMember[], key: string) => members.find(({ accountKey }) => accountKey === key);
  const others = (members: ChatMember[]) => members.filter(({ accountKey }) => accountKey !== own);
  const notices: Notice[] = [];
  for (const { username, accountKey } of others(before.members)) {
    if (!find(after.members, accountKey)) notices.push({ notice: "removed", values: { who: username } });
  }
  for (const { username, accountKey } of others(after.members)) {
    if (!find(before.members, accountKey)) notices.push({ notice: "added", values: { who: username } });
  }
  for (const { username, accountKey, role } of after.members) {
    const roleBefore = find(before.members, accountKey)?.role;
    if (roleBefore !== undefined && roleBefore !== role) notices.push({ notice: role === "admin" ? "promoted" : "demoted", values: { who: username } });
  }
  if (before.name !== after.name) notices.push({ notice: "renamed", values: { name: after.name } });
  return notices;
}

/** Every added device is a visible line (PROTOCOL §1). */
function deviceNotices(before: Member[], after: Member[], accountsBefore: ChatMember[], accountsAfter: ChatMember[]): Notice[] {
  const notices: Notice[] = [];
  const stays = ({ credential }: Member) => [accountsBefore, accountsAfter].every((accounts) => accounts.some(({ accountKey }) => accountKey === toHex(credential.accountKey)));
  const device = ({ credential }: Member) => ({ who: credential.username, device: toHex(credential.deviceId).slice(0, 8) });
  const find = (members: Member[], wanted: Member) => members.find(({ recipientKey }) => toHex(recipientKey) === toHex(wanted.recipientKey));
  for (const member of before) {
    if (stays(member) && !find(after, member)) notices.push({ notice: "device-removed", values: device(member) });
  }
  for (const member of after) {
    if (stays(member) && !find(before, member)) notices.push({ notice: "device-added", values: device(member) });
  }
  return notices;
}
