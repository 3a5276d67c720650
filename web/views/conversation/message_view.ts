/** The props of the view of each message kind. */

import type { MessageItem } from "../../../client/api/engine_api.ts";

/** @returns the account key of a member, which gives its colour; undefined for who is not in the chat any more */
export type KeyOf = (username: string) => string | undefined;

export interface MessageViewProps {
  item: MessageItem;
  /** The message that this one answers, where the page has it. */
  original?: MessageItem;
  keyOf?: KeyOf;
}
