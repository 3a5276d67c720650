/** The devices of an account take turns with what any one of them may tell for all. */

import { toHex } from "../../../schema/bytes.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** @returns how many devices of the account tell before this one in a conversation; 0 where its group is not open */
export async function turnOf(
  { conversations, mls, account, ownKey }: Pick<SyncContext, "conversations" | "mls" | "account" | "ownKey">,
  chatId: string,
): Promise<number> {
  const state = await conversations.withState(chatId);
  if (!state?.active) return 0;
  const own = mls.members(state).filter(({ credential }) => toHex(credential.accountKey) === ownKey);
  return own.map(({ recipientKey }) => toHex(recipientKey)).sort().indexOf(toHex(account.recipientKey));
}
