/** The record of a conversation that a user may act on. */

import { EngineError, LocalCode } from "../../api/errors.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isIn, isShown } from "../conversation/standing.ts";

/** @returns the record of a shown conversation of which this device is a member. @throws EngineError L010 */
export function activeRecord({ conversations }: SyncContext, chatId: string): Readonly<ConversationRecord> {
  const conversation = conversations.get(chatId);
  if (!conversation || !isIn(conversation.record) || !isShown(conversation.record)) {
    throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
  }
  return conversation.record;
}
