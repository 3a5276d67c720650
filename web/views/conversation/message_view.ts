/** The props of the view of each message kind. */

import type { MessageItem } from "../../../client/api/engine_api.ts";

export interface MessageViewProps {
  item: MessageItem;
  /** The message that this one answers, where the page has it. */
  original?: MessageItem;
}
