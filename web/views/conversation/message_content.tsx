import { type JSX, Match, Switch } from "solid-js";
import type { TimelineItem } from "../../../client/api/engine_api.ts";
import { DeleteView } from "./kinds/delete.tsx";
import { ReplyView } from "./kinds/reply.tsx";
import { TextView } from "./kinds/text.tsx";
import { UnsupportedView } from "./kinds/unsupported.tsx";

/** What the view of a kind is given. */
export interface MessageViewProps {
  item: TimelineItem & { kind: "message" };
  /** The message that it answers, where the page has it. */
  original?: TimelineItem & { kind: "message" };
}

/** What a message says, in its bubble. Kinds that mark a message or hang on it stand in timeline_row.tsx. */
export function MessageContentView(props: MessageViewProps): JSX.Element {
  return (
    <>
      <ReplyView {...props} />
      <Switch fallback={<TextView {...props} />}>
        <Match when={props.item.deleted}>
          <DeleteView {...props} />
        </Match>
        <Match when={props.item.unsupported}>
          <UnsupportedView {...props} />
        </Match>
      </Switch>
    </>
  );
}
