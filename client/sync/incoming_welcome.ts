/** A Welcome: joining, and whether the chat is an invitation first (GRP-7). */

import { toHex } from "../../schema/bytes.ts";
import type { Entry } from "../../schema/rpc/methods.ts";
import { LocalCode } from "../engine/api.ts";
import type { JoinResult } from "../mls/group.ts";
import { accountsOf } from "./members.ts";
import type { ChatMember, ChatRecord } from "./records.ts";
import { codeOf, refuse, remember } from "./rejection.ts";
import type { InboxEvents, SyncContext } from "./sync_context.ts";
import type { Unit } from "./unit.ts";

export async function receiveWelcome(context: SyncContext, events: InboxEvents, unit: Unit, entry: Entry): Promise<void> {
  const { account, mls } = context;
  const chatId = toHex(entry.channelId);
  const existing = await unit.chat(chatId);
  // A repeat: this very Welcome was joined with.
  if (existing?.record.active && existing.record.commits.some(({ n, commitId }) => n === entry.epoch && commitId === toHex(entry.id))) return;
  // A last-resort KeyPackage opens its Welcome again and again: whoever recorded one could take this device back to an epoch that it has left, ratchets and all. The mark
  // stays when the chat ends, because "removed" is the server's word alone.
  if (existing && entry.epoch <= existing.record.epoch) {
    refuse(unit, existing, entry, { kind: "rejected", code: "GRP-7.3", reason: "a Welcome to an epoch that this device has been in or past" });
    return;
  }
  const candidates = await account.keyPackages.candidates();
  const live = existing?.record.active === true && existing.record.broken === undefined;
  const result = await context.trust.during(() =>
    mls.joinFromWelcome({ channelId: entry.channelId, n: BigInt(entry.epoch), header: entry.header, sealedWelcome: entry.body, candidates, live }));
  if (result.kind !== "processed") {
    if (existing) {
      refuse(unit, existing, entry, result);
    } else {
      remember(unit, chatId, entry, codeOf(result), false);
      unit.afterwards(() => context.problem({ code: LocalCode.hybridLayer, detail: `an invitation to a group was refused: ${codeOf(result)}` }));
    }
    return;
  }
  for (const { store, key } of await account.keyPackages.consumed(result.keyPackageRef)) unit.delete(store, key);
  const draft = await unit.create(joinedRecord(context, entry, result, accountsOf(mls.members(result.newState)), existing?.record));
  draft.enterEpoch(result.newState, account.clock.now(), toHex(entry.id));
  const by = result.adder.credential.username;
  if (existing) draft.notice("rejoined", { who: account.username, by }, entry.receivedMs);
  else if (result.info.kind === "direct") draft.notice("created", { by }, entry.receivedMs);
  else draft.notice("added", { who: account.username, by }, entry.receivedMs);
  unit.afterwards(() => events.joined(chatId));
}

type Joined = Extract<JoinResult, { kind: "processed" }>;

function joinedRecord({ ownKey, chats }: SyncContext, entry: Entry, { info, adder, newState }: Joined, members: ChatMember[], before: Readonly<ChatRecord> | undefined): ChatRecord {
  const adderKey = toHex(adder.credential.accountKey);
  const peer = info.kind === "direct" ? members.find(({ accountKey }) => accountKey !== ownKey) : undefined;
  const accepted = adderKey === ownKey || before?.invitation === false || isAcquainted(chats.all().map(({ record }) => record), adderKey);
  return {
    v: 1,
    channelId: entry.channelId,
    firstChannelId: info.supersedes?.channelId ?? entry.channelId,
    kind: info.kind,
    name: info.name,
    members,
    ...(peer && { peer: { username: peer.username, accountKey: peer.accountKey } }),
    hidden: false,
    invitation: !accepted,
    active: true,
    leaving: false,
    unread: before?.unread ?? 0,
    ...(before?.lastMessage && { lastMessage: before.lastMessage }),
    activityMs: Math.max(before?.activityMs ?? 0, entry.receivedMs),
    nextOrder: before?.nextOrder ?? 0,
    epoch: Number(newState.epoch),
    epochSinceMs: entry.receivedMs,
    ownSent: 0,
    commits: before?.commits ?? [],
  };
}

/** Whether there is a chat, not itself a mere invitation, that this account is or was in. */
export function isAcquainted(records: Readonly<ChatRecord>[], accountKey: string): boolean {
  return records.some(({ invitation, hidden, members, peer }) =>
    !invitation && !hidden && (peer?.accountKey === accountKey || members.some((member) => member.accountKey === accountKey)));
}
