/** The recipients of a device message, and the member of a conversation that sent one. */

import { equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { GroupState, Member } from "../../mls/group.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessage } from "./device_messages.ts";
import { isIn } from "../conversation/standing.ts";

/** How many devices a request goes to at once. */
const askedAtOnce = 2;

/**
 * Rounds in which only devices of accounts known from the chat are asked. A device that another account
 * brings back would have to ask its user first (GRP-7.5).
 */
const roundsAmongKnown = 3;

/**
 * Chooses two devices, and others in each round. Other accounts come first, because one account's devices
 * often fail together.
 *
 * @param members the recipientKeys that the server has
 * @param record the chat as this device knows it, if it does
 * @param round from 1
 */
export async function whomToAsk(
  { account, mls, ownKey }: Pick<SyncContext, "account" | "mls" | "ownKey">,
  members: Uint8Array<ArrayBuffer>[],
  record: Readonly<ConversationRecord> | undefined,
  state: GroupState | undefined,
  round: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const own = new Set(
    (state ? mls.members(state) : []).filter(({ credential }) => toHex(credential.accountKey) === ownKey).map((
      { recipientKey },
    ) => toHex(recipientKey)),
  );
  const others = members.filter((key) => !equalBytes(key, account.recipientKey)).sort((a, b) =>
    toHex(a) < toHex(b) ? -1 : 1
  );
  const ordered = [...others.filter((key) => !own.has(toHex(key))), ...others.filter((key) => own.has(toHex(key)))];
  const known = round <= roundsAmongKnown && record ? await devicesOf(account, record) : new Set<string>();
  const preferred = ordered.filter((key) => known.has(toHex(key)));
  const asked = preferred.length > 0 ? preferred : ordered;
  // Each device starts at another place, so that not all of them ask the same two.
  return inRotation(asked, askedAtOnce, account.recipientKey[0] + (round - 1) * askedAtOnce);
}

/** @returns up to `count` items, in rotation from index `from` */
export function inRotation<T>(items: T[], count: number, from: number): T[] {
  if (items.length <= count) return items;
  const start = from % items.length;
  return [...items, ...items].slice(start, start + count);
}

/** @returns the devices of the chat's accounts as hex, as far as this device has their lists */
async function devicesOf(
  { directory }: SyncContext["account"],
  { members }: Readonly<ConversationRecord>,
): Promise<Set<string>> {
  const accounts = await Promise.all(members.map(({ accountKey }) => directory.byKey(fromHex(accountKey))));
  return new Set(
    accounts.flatMap((known) => known?.devices.devices.map(({ recipientKey }) => toHex(recipientKey)) ?? []),
  );
}

/**
 * @returns the member that sent a payload, and the present chat; undefined when the sender is no member or is
 *   known to be revoked, or this device is not in the chat
 */
export async function memberOf(
  { account, conversations, mls }: Pick<SyncContext, "account" | "conversations" | "mls">,
  chatId: string,
  { from }: DeviceMessage,
): Promise<{ record: Readonly<ConversationRecord>; state: GroupState; member: Member } | undefined> {
  const state = await conversations.withState(chatId);
  const record = conversations.get(chatId)?.record;
  const member = state?.active
    ? mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from))
    : undefined;
  // A revoked device gets no help and is not believed: it is to be removed (GRP-6.6).
  if (!member || await isKnownRevoked({ account }, member.credential)) return undefined;
  return state && record && isIn(record) ? { record, state, member } : undefined;
}
