/**
 * What an invitation keeps. Until its user has accepted it, anybody with an account may write into it, and what they
 * write lies on the user's disk (specification §3.7).
 */

import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";

/** Bytes of envelopes whose messages an invitation keeps: some 6,000 short texts. */
const maxInvitedBytes = 4 * 1024 * 1024;

/**
 * Counts a message.
 *
 * @param bytes of its envelope
 * @returns whether it is kept: the chat is no invitation, or there is room
 */
export function takesRoom(conversation: ConversationTransaction, bytes: number): boolean {
  const { invitation, invitedBytes = 0 } = conversation.record;
  if (!invitation) return true;
  if (invitedBytes + bytes > maxInvitedBytes) return false;
  conversation.set({ invitedBytes: invitedBytes + bytes });
  return true;
}
