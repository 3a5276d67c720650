/** Builds a commit from its plan, and builds it again after another member's commit has won. */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import { GroupUsageError } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan, ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isRenewalDue } from "./renewal.ts";
import { infoChangeOf, isReadded, readdsOf, remainingPlan } from "./commit_plan.ts";
import { noticeNotAdded, usableAdds } from "./usable_adds.ts";

/**
 * Builds the commit and puts it, its plan and the spent handshake key into the conversation. The unit may
 * have just created this conversation.
 *
 * @returns false when nothing is left to do
 * @throws GroupUsageError when the rules forbid the plan
 */
export async function buildFromPlan(
  context: SyncContext,
  conversation: ConversationTransaction,
  plan: CommitPlan,
  attempt: number,
): Promise<boolean> {
  const { mls, account, trust } = context;
  const { state } = conversation;
  if (!state) throw new GroupUsageError("not-active", "there is no state of this group");
  const ownDevice = toHex(account.recipientKey);
  const present = new Set(mls.members(state).map(({ recipientKey }) => toHex(recipientKey)));
  // Only others can commit this device's own request to leave.
  const leaves = mls.pendingLeaves(state).some(({ leafIndex }) => leafIndex !== state.ownLeafIndex);
  const info = infoChangeOf(plan, mls.info(state));
  const remaining = (of: CommitPlan) => remainingPlan(of, present, ownDevice, leaves, info !== undefined);
  const wanted = remaining(plan);
  if (!wanted) return false;
  const { plan: usable, without } = await usableAdds(context, state, wanted);
  const left = usable === wanted ? wanted : remaining(usable);
  const [[who, why] = []] = without;
  // A chat of two without the other, and a group of whose people nobody is left, are not what the user asked for.
  const isSpoiled = plan.purpose === "create" && who !== undefined &&
    (conversation.record.kind === "direct" || left?.add.length === 0);
  if ((!left && plan.purpose === "add") || isSpoiled) {
    const code = why?.code === "GRP-2.8" ? why.code : "key-package";
    throw new GroupUsageError(code, `${who ?? "a device"} was not added: ${why?.reason}`);
  }
  if (!left) return false;
  if (plan.purpose === "add" || plan.purpose === "create") {
    noticeNotAdded(conversation, without.keys(), account.clock.now());
  }
  const intent = {
    add: left.add.map(({ keyPackage }) => keyPackage),
    remove: left.remove,
    ...(info && { info }),
    ...(plan.requests && { requests: plan.requests }),
    leftChannels: leftChannels(context, conversation.record),
    nowMs: account.clock.now(),
  };
  const { newState, record, pending } = await trust.during(() => mls.buildCommit(state, intent));
  conversation.moveRatchet(newState, record);
  const kept = new Set(left.add);
  const dropped = new Set(wanted.add.filter((add) => !kept.has(add)));
  conversation.setPending({
    plan: dropped.size > 0 ? { ...plan, add: plan.add.filter((add) => !dropped.has(add)), remove: left.remove } : plan,
    commit: mls.encodePending(pending),
    attempt,
  });
  return true;
}

/** The channels that the conversation has left; of the first commit of a replacement, those of its conversation. */
function leftChannels(
  { conversations }: SyncContext,
  { earlier = [], succeeds }: Readonly<ConversationRecord>,
): Uint8Array[] {
  const main = succeeds === undefined ? undefined : conversations.get(succeeds)?.record;
  return (main ? [...main.earlier ?? [], toHex(main.channelId)] : earlier).map(fromHex);
}

/**
 * Builds the commit of a waiting plan again, unless another member has already done the same change.
 *
 * @returns whether there is something to send now
 * @throws GroupUsageError when the rules forbid the rest of the plan
 */
export async function rebuildCommit(context: SyncContext, chatId: string): Promise<boolean> {
  return await context.conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    if (!conversation?.pending || conversation.pending.commit) return conversation?.pending !== undefined;
    const { plan, attempt } = conversation.pending;
    if (!await isDone(context, conversation, plan) && await buildFromPlan(context, conversation, plan, attempt)) {
      return true;
    }
    conversation.setPending(undefined);
    return false;
  });
}

async function isDone(
  { account, environment }: SyncContext,
  conversation: ConversationTransaction,
  plan: CommitPlan,
): Promise<boolean> {
  // Another member's commit won: after it the renewals of a channel have their pause again (GRP-6.4).
  if (plan.purpose === "renew") {
    const { record } = conversation;
    return !isRenewalDue(record, conversation.members(), account.recipientKey, account.clock.now(), environment);
  }
  if (plan.purpose === "repair") return !conversation.record.serverDiffers;
  return plan.purpose === "readd" && isReadded(conversation, plan, await readdsOf(plan));
}
