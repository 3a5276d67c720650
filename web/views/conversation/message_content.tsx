import type { JSX } from "solid-js";
import { AttachmentsView } from "./kinds/attachments.tsx";
import { DeleteView } from "./kinds/delete.tsx";
import { PollView } from "./kinds/poll.tsx";
import { ReplyView } from "./kinds/reply.tsx";
import { TextView } from "./kinds/text.tsx";
import { UnsupportedView } from "./kinds/unsupported.tsx";
import type { MessageViewProps } from "./message_view.ts";

/**
 * The content of a message in its bubble. Edit marks and reactions are in timeline_row.tsx. The message is fixed data,
 * as its row is: what there is to show is asked for once.
 */
export function MessageContentView(props: MessageViewProps): JSX.Element {
  const { deleted, poll, unsupported, blank, replyTo, attachments } = props.item;
  const quote = replyTo && <ReplyView {...props} />;
  const files = attachments && <AttachmentsView {...props} />;
  const content = deleted
    ? <DeleteView {...props} />
    : poll
    ? <PollView {...props} />
    : unsupported || blank
    ? <UnsupportedView {...props} />
    : <TextView {...props} />;
  return [quote, files, content];
}
