/** When a sender's keys are due to be renewed (specification §3.6). */

import type { ConversationRecord } from "../conversation/records.ts";

/** Own messages in one epoch, and the epoch's age in ms, after which the sender renews its keys. */
export const renewAfterMessages = 150;

export const renewAfterMs = 7 * 24 * 3_600_000;

/**
 * @param mostMessages of this device in one epoch
 * @returns whether the sender's keys are due to be renewed
 */
export function isRenewalDue(
  { ownSent, epochSinceMs }: Pick<ConversationRecord, "ownSent" | "epochSinceMs">,
  nowMs: number,
  mostMessages: number = renewAfterMessages,
): boolean {
  return ownSent >= mostMessages || (ownSent > 0 && nowMs - epochSinceMs >= renewAfterMs);
}
