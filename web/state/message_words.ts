/** A message as one line of text, for the chat list and for quotes. */

import type { MessagePreview } from "../../client/api/engine_api.ts";
import { plural, text } from "../i18n/language.ts";

/** Names of pictures and recordings say nothing to people; other files are known by theirs. */
function filesAs({ kind, name, count }: NonNullable<MessagePreview["attached"]>): string {
  if (count > 1) return plural("preview.files", count);
  if (kind === "image" || kind === "video" || kind === "voice") return text(`preview.${kind}`);
  return name;
}

/** @returns the message's text, or the sentence that replaces it */
export function wordsOf(message: MessagePreview): string {
  if (message.deleted) return text("message.delete");
  if (message.blank) return text("message.blank");
  if (message.text === "" && message.attached) return filesAs(message.attached);
  if (!message.unsupported) return message.text;
  return message.text === "" ? text("message.unsupported") : `${text("message.unsupported")} ${message.text}`;
}
