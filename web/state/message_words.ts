/** A message as one line of text, for the chat list and for quotes. */

import type { MessagePreview } from "../../client/api/engine_api.ts";
import { text } from "../i18n/language.ts";

/** @returns the message's text, or the sentence that replaces it */
export function wordsOf(message: MessagePreview): string {
  if (message.deleted) return text("message.delete");
  if (message.blank) return text("message.blank");
  if (!message.unsupported) return message.text;
  return message.text === "" ? text("message.unsupported") : `${text("message.unsupported")} ${message.text}`;
}
