/** What the view of a kind of message is given. */

import type { TimelineItem } from "../../../client/api/engine_api.ts";

type MessageItem = TimelineItem & { kind: "message" };

export interface MessageViewProps {
  item: MessageItem;
  /** The message that it answers, where the page has it. */
  original?: MessageItem;
}
