import { type JSX, Match, Switch } from "solid-js";
import { AttachmentsView } from "./kinds/attachments.tsx";
import { DeleteView } from "./kinds/delete.tsx";
import { PollView } from "./kinds/poll.tsx";
import { ReplyView } from "./kinds/reply.tsx";
import { TextView } from "./kinds/text.tsx";
import { UnsupportedView } from "./kinds/unsupported.tsx";
import type { MessageViewProps } from "./message_view.ts";

/** The content of a message in its bubble. Edit marks and reactions are in timeline_row.tsx. */
export function MessageContentView(props: MessageViewProps): JSX.Element {
  return (
    <>
      <ReplyView {...props} />
      <AttachmentsView {...props} />
      <Switch fallback={<TextView {...props} />}>
        <Match when={props.item.deleted}>
          <DeleteView {...props} />
        </Match>
        <Match when={props.item.poll}>
          <PollView {...props} />
        </Match>
        <Match when={props.item.unsupported || props.item.blank}>
          <UnsupportedView {...props} />
        </Match>
      </Switch>
    </>
  );
}
