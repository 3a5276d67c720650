import { createSignal, createUniqueId, type JSX, Show } from "solid-js";
import { Portal } from "solid-js/web";
import { type ChatSummary, type ShownState, stateWith } from "../../../client/api/engine_api.ts";
import { isMuted } from "../../../client/api/chat_list.ts";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { listTimeText } from "../../state/clock_text.ts";
import { createMarks } from "../../state/marks.ts";
import { wordsOf } from "../../state/message_words.ts";
import { hashOf } from "../../state/routes.ts";
import { ChatAvatar } from "../common/avatar.tsx";
import { Icon, type IconName } from "../common/icons.tsx";
import type { Box } from "../../state/placement.ts";
import { ChatMenu } from "./chat_menu.tsx";

/** What a dragged chat is called on its way: nothing else is taken. */
const draggedChat = "application/x-qpq-chat";

/**
 * One chat in the list: its face and title, when something happened last and what, and what waits for the reader.
 *
 * @param props.own the username of this account
 * @param props.badges further marks, after those of the chat itself and before the count
 */
export function ChatRow(props: { chat: ChatSummary; own: string; badges?: JSX.Element }): JSX.Element {
  const app = useApp();
  const rowId = createUniqueId();
  const id = (part: string) => `chat-${rowId}-${part}`;
  const target = () => ({ kind: "chat", chatId: props.chat.chatId, info: false }) as const;
  const [menuAt, setMenuAt] = createSignal<Box>();
  let place!: HTMLLIElement;
  const muted = () => isMuted(props.chat, Date.now());
  const unread = () => props.chat.unread > 0 || props.chat.markedUnread === true;

  /** A pinned chat is dragged before another one. */
  function drop(event: DragEvent): void {
    const chatId = event.dataTransfer?.getData(draggedChat);
    if (!chatId || props.chat.pinned === undefined) return;
    event.preventDefault();
    void app.engine.movePinned(chatId, props.chat.chatId).catch(app.report);
  }
  const current = () => {
    const here = app.navigation.route();
    return here.kind === "chat" && here.chatId === props.chat.chatId;
  };
  return (
    <li
      ref={place}
      class="chat-place"
      draggable={props.chat.pinned !== undefined}
      onDragStart={(event) => event.dataTransfer?.setData(draggedChat, props.chat.chatId)}
      onDragOver={(event) => event.dataTransfer?.types.includes(draggedChat) && event.preventDefault()}
      onDrop={drop}
      onContextMenu={(event) => {
        event.preventDefault();
        const { clientX: left, clientY: top } = event;
        setMenuAt({ left, top, right: left, bottom: top });
      }}
    >
      <a
        class="chat-row"
        classList={{ "chat-row-unread": unread(), "chat-row-muted": muted() }}
        draggable={false}
        href={hashOf(target())}
        // Named by the chat's title, without the last message.
        aria-labelledby={`${id("title")} ${id("marks")}`}
        aria-describedby={`${id("time")} ${id("preview")}`}
        aria-current={current() ? "page" : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          app.navigation.go(target());
        }}
      >
        <ChatAvatar chat={props.chat} />
        <span class="chat-row-text">
          <span class="chat-row-line">
            <span id={id("title")} class="chat-row-title" dir="auto">{app.people.title(props.chat)}</span>
            <time id={id("time")} class="chat-row-time" dateTime={new Date(props.chat.activityMs).toISOString()}>
              {listTimeText(props.chat.activityMs, Date.now())}
            </time>
          </span>
          <span class="chat-row-line">
            <span id={id("preview")} class="chat-row-preview" dir="auto">
              <ChatPreview chat={props.chat} own={props.own} current={current()} />
            </span>
            <span id={id("marks")} class="chat-row-marks">
              <ChatMarks chat={props.chat} />
              {props.badges}
              <Show when={muted()}>
                <Mark icon="muted" name={text("list.muted")} />
              </Show>
              <Show when={props.chat.pinned !== undefined}>
                <Mark icon="pin" name={text("list.pinned")} />
              </Show>
              <Show when={props.chat.mentions}>
                {(count) => <span class="count" role="img" aria-label={plural("list.mentions", count())}>@</span>}
              </Show>
              <Show when={props.chat.unread === 0 && props.chat.markedUnread}>
                <span class="count count-mark" role="img" aria-label={text("list.marked")} />
              </Show>
              <Show when={props.chat.unread > 0}>
                <span class="count" role="img" aria-label={plural("chats.unread", props.chat.unread)}>
                  {props.chat.unread}
                </span>
              </Show>
            </span>
          </span>
        </span>
      </a>
      <button
        type="button"
        class="icon-button chat-menu-button"
        aria-label={text("list.actions")}
        aria-describedby={id("title")}
        aria-haspopup="menu"
        aria-expanded={menuAt() !== undefined}
        onClick={(event) => setMenuAt(event.currentTarget.getBoundingClientRect())}
      >
        <Icon name="chevron" />
      </button>
      <Show when={menuAt()}>
        {(anchor) => (
          // A row that moves takes what is in it out of the page for a moment, which closes a popover or a dialog.
          <Portal mount={place.closest("nav") ?? undefined}>
            <ChatMenu chat={props.chat} anchor={anchor()} onClose={() => setMenuAt(undefined)} />
          </Portal>
        )}
      </Show>
    </li>
  );
}

function Mark(props: { icon: IconName; name: string }): JSX.Element {
  return (
    <span class="chat-row-mark" role="img" aria-label={props.name} title={props.name}>
      <Icon name={props.icon} size="s" />
    </span>
  );
}

/** What was begun here, else the last message and who wrote it. */
function ChatPreview(props: { chat: ChatSummary; own: string; current: boolean }): JSX.Element {
  const app = useApp();
  /** What is begun in the open chat stands in its field. */
  const draft = () => (props.current || !props.chat.active ? "" : app.drafts.of(props.chat.chatId).trim());
  const sender = () => {
    const last = props.chat.lastMessage;
    if (last?.sender === props.own) return text("chats.you");
    return props.chat.kind === "group" && last ? app.people.nameIn(props.chat, last.sender) : undefined;
  };
  return (
    <Show
      when={draft()}
      fallback={
        <Show when={props.chat.lastMessage} fallback={text("chats.nothing")}>
          {(last) => (
            <>
              <Show when={last().own && props.chat.active && last().state}>
                {(state) => (
                  <Show when={state() === "sent" && last().order} fallback={<PreviewState state={state()} />}>
                    {(order) => <SentState chatId={props.chat.chatId} order={order()} />}
                  </Show>
                )}
              </Show>
              <Show when={sender()}>{(name) => <span class="chat-row-sender">{`${name()}: `}</span>}</Show>
              {wordsOf(last())}
            </>
          )}
        </Show>
      }
    >
      <span class="chat-row-draft">{text("chats.draft")}:</span> {draft()}
    </Show>
  );
}

const stateIcons = {
  waiting: "waiting",
  sent: "sent",
  delivered: "delivered",
  read: "read",
  failed: "failed",
} as const satisfies Partial<Record<ShownState, IconName>>;

/** How far the others are with an own message that was sent. The marks of a chat are asked for by these rows alone. */
function SentState(props: { chatId: string; order: string }): JSX.Element {
  const marks = createMarks(useApp(), props.chatId);
  return <PreviewState state={stateWith({ own: true, state: "sent", order: props.order }, marks())} />;
}

/** What became of the newest own message. */
function PreviewState(props: { state: ShownState }): JSX.Element {
  const icon = () => (props.state === "received" ? undefined : stateIcons[props.state]);
  return (
    <Show when={icon()}>
      {(name) => (
        <span
          class="chat-row-state"
          classList={{ "chat-row-failed": name() === "failed", "chat-row-read": name() === "read" }}
        >
          <Icon name={name()} size="s" />
          <span class="visually-hidden">{text(`state.${name()}`)}</span>
          {" "}
        </span>
      )}
    </Show>
  );
}

/** What a chat has to say about itself before it is opened. */
function ChatMarks(props: { chat: ChatSummary }): JSX.Element {
  return (
    <>
      <Show when={props.chat.invitation && (props.chat.active || props.chat.recovering)}>
        <span class="badge badge-quiet">{text("chats.invitation")}</span>
      </Show>
      <Show when={props.chat.members.some(({ keyChanged }) => keyChanged)}>
        <span class="badge badge-warning">{text("info.key-changed")}</span>
      </Show>
      <Show when={props.chat.members.some(({ keyReplaced }) => keyReplaced)}>
        <span class="badge badge-warning">{text("info.key-replaced")}</span>
      </Show>
      <Show when={!props.chat.active}>
        <span class="badge badge-muted">
          {props.chat.recovering ? text("chats.recovering") : text("chats.ended")}
        </span>
      </Show>
    </>
  );
}
