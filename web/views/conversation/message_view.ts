/** The props of the view of each message kind. */

import type { TimelineItem } from "../../../client/api/engine_api.ts";

type MessageItem = TimelineItem & { kind: "message" };

export interface MessageViewProps {
  item: MessageItem;
  /** The message that this one answers, where the page has it. */
  original?: MessageItem;
}
