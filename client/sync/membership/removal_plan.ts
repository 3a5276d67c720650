/** The plan of a commit that removes some members. */

import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";

/** @returns the plan, or undefined when no member is to be removed */
export function removalOf(
  conversation: ConversationTransaction,
  which: (member: ReturnType<ConversationTransaction["members"]>[number]) => boolean,
): CommitPlan | undefined {
  const remove = conversation.members().filter(which).map(({ recipientKey }) => recipientKey);
  return remove.length > 0 ? { purpose: "remove", add: [], remove } : undefined;
}
