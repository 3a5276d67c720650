/** The account takes a conversation that it was invited to: on this device, or on another one before. */

import type { ConversationTransaction } from "./conversation_transaction.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** Makes an invitation a chat, in the unit of work. Does nothing to a chat. */
export function accept(
  { events }: Pick<SyncContext, "events">,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
): void {
  if (!conversation.record.invitation) return;
  conversation.set({
    invitation: false,
    needsAcceptance: undefined,
    inviterRevoked: undefined,
    taken: undefined,
    onOtherDevices: undefined,
  });
  unit.onceStored(() => events.emit("accepted", conversation.id));
}
