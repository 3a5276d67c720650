import { type JSX, Match, Show, Switch } from "solid-js";
import type { MessageItem, NoticeItem } from "../../../client/api/engine_api.ts";
import { codeText, text, textOf } from "../../i18n/language.ts";
import { dayText, momentText, timeText } from "../../state/clock_text.ts";
import { isUnsaved } from "../../state/timeline_items.ts";
import type { Row } from "../../state/timeline_rows.ts";
import { hueOf } from "../common/avatar.tsx";
import { Icon, type IconName } from "../common/icons.tsx";
import { EditView } from "./kinds/edit.tsx";
import { ReactionView } from "./kinds/reaction.tsx";
import { MessageContentView } from "./message_content.tsx";

type OwnState = "saving" | "waiting" | "sent" | "failed";

/** Notices that a reader must not overlook. */
const warnings: ReadonlySet<NoticeItem["notice"]> = new Set([
  "key-changed",
  "removed-by-server",
  "server-differs",
  "rejected",
  "unreadable",
  "unopened",
  "not-resent",
  "rolled-back",
  "server-behind",
  "left-behind",
  "not-added",
]);

/**
 * One line of a conversation. `waits` is the tooltip of a waiting message. A row is fixed data: a change makes
 * another row.
 */
export function TimelineRow(
  props: { row: Row; group: boolean; own: string; waits: string; onRetry: (item: MessageItem) => void },
): JSX.Element {
  const row = props.row;
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
        <div class="line line-notice" classList={{ "line-warning": warnings.has(row.item.notice) }}>
          <Show when={warnings.has(row.item.notice)}>
            <Icon name="warning" />
          </Show>
          <span>{noticeText(row.item, props.own)}</span>
        </div>
      );
    case "message":
      return (
        <Message
          item={row.item}
          original={row.original}
          first={row.first}
          last={row.last}
          named={props.group}
          waits={props.waits}
          onRetry={props.onRetry}
        />
      );
  }
}

/**
 * @param own this account's username
 * @returns the notice's sentence, with "you" where it is about this account, "someone" for a missing person, and words
 *   for a name that nobody can see
 */
function noticeText({ notice, values }: NoticeItem, own: string): string {
  const kind = notice === "removed" && !values.by ? "removed-by-nobody" : notice;
  const someone = text("notice.someone");
  const name = values.name || text("notice.no-name");
  const named = { by: someone, who: someone, device: "", code: "", count: "", ...values, name };
  const toYou = values.who === own
    ? textOf(`notice.whom-you.${kind}`, named)
    : values.by === own
    ? textOf(`notice.by-you.${kind}`, named)
    : undefined;
  return toYou ?? textOf(`notice.${kind}`, named)!;
}

function Message(
  props: {
    item: MessageItem;
    original: MessageItem | undefined;
    first: boolean;
    last: boolean;
    named: boolean;
    waits: string;
    onRetry: (item: MessageItem) => void;
  },
): JSX.Element {
  const { item } = props;
  const state = (): OwnState | undefined => {
    if (!item.own || item.state === "received") return undefined;
    return item.state === "waiting" && isUnsaved(item) ? "saving" : item.state;
  };
  return (
    <article
      class="line message"
      classList={{
        "message-own": item.own,
        "message-first": props.first,
        "message-last": props.last,
        "message-failed": item.state === "failed",
      }}
    >
      <Show when={!item.own}>
        <span
          class={`message-sender hue-${hueOf(item.sender)}`}
          classList={{ "visually-hidden": !props.named || !props.first }}
        >
          {item.sender}
        </span>
        {" "}
      </Show>
      <div class="bubble">
        <MessageContentView item={item} original={props.original} />{" "}
        <span class="message-meta">
          <Show when={item.revokedDevice}>
            <span class="message-removed-device">{text("message.removed-device")}</span>
          </Show>
          <EditView item={item} />
          <time dateTime={new Date(item.atMs).toISOString()} title={momentText(item.atMs)}>{timeText(item.atMs)}</time>
          <Show when={state()}>
            {(known) => (
              <span
                class={`message-state state-${known()}`}
                role="img"
                aria-label={text(`state.${known()}`)}
                title={known() === "waiting" ? props.waits : text(`state.${known()}`)}
              >
                <Icon name={known() === "saving" ? "waiting" : known() as IconName} />
              </span>
            )}
          </Show>
        </span>
      </div>
      <ReactionView item={item} />
      <Show when={item.state === "failed"}>
        <p class="message-problem">
          <Switch>
            <Match when={item.errorCode}>
              {(code) => (
                <>
                  {codeText(code()).what} {codeText(code()).todo} <span class="code">{code()}</span>
                </>
              )}
            </Match>
          </Switch>
          <button type="button" class="link-button" onClick={() => props.onRetry(item)}>{text("chat.retry")}</button>
        </p>
      </Show>
    </article>
  );
}
