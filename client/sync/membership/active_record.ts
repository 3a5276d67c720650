/** The record of a conversation that a user may act on. */

import { EngineError, LocalCode } from "../../api/errors.ts";
import type { ChatRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isIn, isShown } from "../conversation/standing.ts";

/** @returns the record of a conversation that this device is in and that is shown. @throws EngineError L004 */
export function activeRecord({ conversations }: SyncContext, chatId: string): Readonly<ChatRecord> {
  const chat = conversations.get(chatId);
  if (!chat || !isIn(chat.record) || !isShown(chat.record)) {
    throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
  }
  return chat.record;
}
