/**
 * Drops the devices that would spoil a commit, and tells the user of each: a KeyPackage that is malformed, expired, of
 * small order, or with a key that stands in the tree (GRP-6.5). The rest of the plan goes on.
 */

import { toHex } from "../../../schema/bytes.ts";
import { LocalCode } from "../../api/errors.ts";
import { type BadAdd, type GroupState, parseKeyPackage } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Devices that the user was told of. Each connection tries them again, and once is enough. */
const told = new WeakMap<SyncContext, Set<string>>();

/**
 * Tells the user that a device was not added, once in a run of the engine.
 *
 * @param username undefined where nothing says whose the KeyPackage is
 * @param recipientKey of the device
 * @param reason for logs
 */
export function tellNotAdded(
  context: SyncContext,
  username: string | undefined,
  recipientKey: Uint8Array,
  reason: string,
): void {
  const key = toHex(recipientKey);
  const known = told.get(context) ?? new Set();
  told.set(context, known);
  if (known.has(key)) return;
  known.add(key);
  context.problem({
    code: LocalCode.badKeyPackage,
    detail: `a device of ${username ?? "somebody"} (key ${key.slice(0, 8)}) was not added: ${reason}`,
  });
}

/** A line for each person none of whose devices could be added. */
export function noticeNotAdded(
  conversation: ConversationTransaction,
  usernames: Iterable<string>,
  nowMs: number,
): void {
  for (const who of usernames) conversation.notice("not-added", { who }, nowMs);
}

/** Why a device was dropped. */
export type Dropped = Pick<BadAdd, "code" | "reason">;

/** What of a plan a commit can carry. */
export interface UsableAdds {
  /** The plan itself where nothing was dropped. */
  plan: CommitPlan;
  /** People none of whose devices is left in the plan, and why the last of them was dropped. */
  without: Map<string, Dropped>;
}

/**
 * @param plan a device that it puts back by Remove and Add stays where it is if its Add is dropped
 * @returns the plan without the bad Adds
 */
export async function usableAdds(context: SyncContext, state: GroupState, plan: CommitPlan): Promise<UsableAdds> {
  const bad = await context.mls.badAdds(state, {
    add: plan.add.map(({ keyPackage }) => keyPackage),
    remove: plan.remove,
    nowMs: context.account.clock.now(),
  });
  if (bad.length === 0) return { plan, without: new Map() };
  const dropped = new Set<string>();
  const without = new Map<string, Dropped>();
  for (const { index, username, code, reason } of bad) {
    const { recipientKey } = plan.add[index];
    dropped.add(toHex(recipientKey));
    if (username !== undefined) without.set(username, { ...(code && { code }), reason });
    tellNotAdded(context, username, recipientKey, reason);
  }
  const badPlaces = new Set(bad.map(({ index }) => index));
  const add = plan.add.filter((_, index) => !badPlaces.has(index));
  for (const { keyPackage } of without.size > 0 ? add : []) {
    without.delete((await parseKeyPackage(keyPackage)).credential.username);
  }
  // This device is there, whatever becomes of the account's others.
  without.delete(context.account.username);
  return {
    plan: { ...plan, add, remove: plan.remove.filter((recipientKey) => !dropped.has(toHex(recipientKey))) },
    without,
  };
}
