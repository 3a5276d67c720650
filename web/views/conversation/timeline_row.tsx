import { type JSX, Show } from "solid-js";
import type { MessageItem } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { dayText } from "../../state/clock_text.ts";
import { isWarning, noticeText } from "../../state/notice_text.ts";
import type { Row } from "../../state/timeline_rows.ts";
import { Icon } from "../common/icons.tsx";
import { MessageRow } from "./message_row.tsx";
import { useMessageTools } from "./message_tools_context.ts";
import type { KeyOf } from "./message_view.ts";

/**
 * One line of a conversation. `waits` is the tooltip of a waiting message. A row is fixed data: a change makes
 * another row.
 */
export function TimelineRow(
  props: {
    row: Row;
    /** Whether a run of messages of one sender ends with the row of a key. */
    isLast: (key: string) => boolean;
    group: boolean;
    own: string;
    waits: string;
    keyOf: KeyOf;
    onRetry: (item: MessageItem) => void;
  },
): JSX.Element {
  const row = props.row;
  const tools = useMessageTools();
  switch (row.kind) {
    case "date":
      return (
        <div class="line line-date">
          <time>{dayText(row.atMs, Date.now())}</time>
        </div>
      );
    case "new":
      return <div class="line line-new" role="separator">{text("chat.new")}</div>;
    case "notice":
      return (
        <div class="line line-notice" classList={{ "line-warning": isWarning(row.item) }}>
          <Show when={isWarning(row.item)}>
            <Icon name="warning" />
          </Show>
          <span>
            {noticeText(row.item, props.own, tools.nameOf)}
            <Show when={row.item.values.code}>
              {" "}
              <span class="code">{row.item.values.code}</span>
            </Show>
          </span>
        </div>
      );
    case "message":
      return (
        <MessageRow
          item={row.item}
          original={row.original}
          first={row.first}
          isLast={() => props.isLast(row.key)}
          group={props.group}
          waits={props.waits}
          keyOf={props.keyOf}
          onRetry={props.onRetry}
        />
      );
  }
}
