import { type JSX, Show } from "solid-js";
import type { MessageItem, ShownState } from "../../../client/api/engine_api.ts";
import { codeText, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { momentText, timeText } from "../../state/clock_text.ts";
import { durationText } from "../../state/duration_text.ts";
import { hueClass } from "../../state/faces.ts";
import { isUnsaved } from "../../state/timeline_items.ts";
import { Avatar } from "../common/avatar.tsx";
import { Icon, type IconName } from "../common/icons.tsx";
import { MessageActions } from "./actions/message_actions.tsx";
import { EditView } from "./kinds/edit.tsx";
import { ReactionView } from "./kinds/reaction.tsx";
import { MessageContentView } from "./message_content.tsx";
import { useMessageTools } from "./message_tools_context.ts";
import type { KeyOf } from "./message_view.ts";

type OwnState = "saving" | Exclude<ShownState, "received">;

/**
 * One message: in a group the face of its sender beside the last of a run, the bubble, and under it the reactions and
 * what went wrong.
 *
 * @param props.first whether a run of the same sender begins here
 * @param props.isLast whether it ends here; asked for in groups alone
 */
export function MessageRow(
  props: {
    item: MessageItem;
    original: MessageItem | undefined;
    first: boolean;
    isLast: () => boolean;
    group: boolean;
    /** Why a waiting message waits. */
    waits: string;
    keyOf: KeyOf;
    onRetry: (item: MessageItem) => void;
  },
): JSX.Element {
  const { item } = props;
  const tools = useMessageTools();
  const { people } = useApp();
  let article!: HTMLElement;
  // Of a fixed row, what is there is asked for once: a condition that is followed costs more than the element.
  const { own, state, reactions } = item;
  const { group, first } = props;
  const key = () => own ? undefined : props.keyOf(item.sender);
  const isFaced = group && !own;
  const kinds = [
    "line message",
    own && "message-own",
    first && "message-first",
    isFaced && "message-faced",
    state === "failed" && "message-failed",
  ].filter(Boolean).join(" ");
  return (
    <article
      ref={article}
      class={kinds}
      data-message={item.messageId}
      classList={{ "message-marked": tools.marked() === item.messageId }}
    >
      {isFaced
        ? (
          <Show when={props.isLast()}>
            <Avatar name={item.sender} of={key()} />
          </Show>
        )
        : undefined}
      <div class="message-body">
        <div class="bubble">
          {own ? undefined : (
            <>
              <span class={`message-sender ${hueClass(key())}${group && first ? "" : " visually-hidden"}`}>
                {people.name(item.senderKey, item.sender)}
              </span>
              {" "}
            </>
          )}
          <MessageContentView item={item} original={props.original} keyOf={props.keyOf} />{" "}
          <MessageMeta
            item={item}
            waits={props.waits}
          />
        </div>
        {reactions ? <ReactionView item={item} /> : undefined}
        {state === "failed" ? <MessageProblem item={item} onRetry={props.onRetry} /> : undefined}
      </div>
      <MessageActions item={item} article={() => article} />
    </article>
  );
}

/** What is said of a message in the corner of its bubble: that it was changed, when it came, how far it is. */
function MessageMeta(props: { item: MessageItem; waits: string }): JSX.Element {
  const { item } = props;
  const { own, revokedDevice, edited, atMs, timerMs, expiresMs } = item;
  const [iso, moment, time] = [new Date(atMs).toISOString(), momentText(atMs), timeText(atMs)];
  return (
    <span class="message-meta">
      {revokedDevice ? <span class="message-removed-device">{text("message.removed-device")}</span> : undefined}
      {edited ? <EditView item={item} /> : undefined}
      <time dateTime={iso} title={moment}>{time}</time>
      {timerMs ? <TimerMark timerMs={timerMs} expiresMs={expiresMs} /> : undefined}
      {own ? <MessageState item={item} waits={props.waits} /> : undefined}
    </span>
  );
}

/** The message disappears: how long it stays, or until when. */
function TimerMark(props: { timerMs: number; expiresMs: number | undefined }): JSX.Element {
  const words = () =>
    props.expiresMs === undefined
      ? text("message.disappears", { time: durationText(props.timerMs) })
      : text("message.disappears-at", { moment: momentText(props.expiresMs) });
  return (
    <span class="message-timer" role="img" aria-label={words()} title={words()}>
      <Icon name="timer" />
    </span>
  );
}

/** How far an own message is. The shapes differ, so that the colour does not speak alone. */
function MessageState(props: { item: MessageItem; waits: string }): JSX.Element {
  const { item } = props;
  const { stateOf } = useMessageTools();
  const state = (): OwnState | undefined => {
    const known = stateOf(item);
    if (!item.own || known === "received") return undefined;
    return known === "waiting" && isUnsaved(item) ? "saving" : known;
  };
  return (
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
  );
}

/** Why a message was not sent, and the way to try again. */
function MessageProblem(props: { item: MessageItem; onRetry: (item: MessageItem) => void }): JSX.Element {
  return (
    <p class="message-problem">
      <Show when={props.item.errorCode}>
        {(code) => (
          <>
            {codeText(code()).what} {codeText(code()).todo} <span class="code">{code()}</span>
          </>
        )}
      </Show>
      <button type="button" class="link-button" onClick={() => props.onRetry(props.item)}>{text("chat.retry")}</button>
    </p>
  );
}
