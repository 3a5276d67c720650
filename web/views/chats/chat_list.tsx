import { createSignal, For, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { listTimeText } from "../../state/clock_text.ts";
import { wordsOf } from "../../state/message_words.ts";
import { hashOf } from "../../state/routes.ts";
import { Avatar } from "../common/avatar.tsx";
import { BackgroundProgress } from "../common/background_progress.tsx";
import { ConnectionStatus } from "./connection_status.tsx";
import { Icon, Mark, Wordmark } from "../common/icons.tsx";
import { RecoveryBanner } from "../account/recovery_banner.tsx";
import { SignOutDialog } from "../account/sign_out_dialog.tsx";

/**
 * All chats, newest first; also the signed-in account, and the state of the connection.
 *
 * @param props.note a line above the chats
 */
export function ChatList(props: { note?: string }): JSX.Element {
  const app = useApp();
  const [signingOut, setSigningOut] = createSignal(false);
  const inSettings = () => app.navigation.route().kind === "settings";
  const username = () => {
    const account = app.account();
    return account?.kind === "signed-in" ? account.username : "";
  };
  // Rows are kept by chatId, so that a new message changes a row's text and does not rebuild the row.
  const chatIds = () => app.chats()?.map(({ chatId }) => chatId) ?? [];
  return (
    <section class="list-pane" aria-label={text("chats.title")}>
      <header class="list-head">
        <h1 class="brand brand-small">
          <Mark />
          <Wordmark />
        </h1>
        <button
          type="button"
          class="button button-primary list-new"
          onClick={() => app.navigation.go({ kind: "new-chat" })}
        >
          <Icon name="plus" />
          {text("chats.new")}
        </button>
      </header>
      <RecoveryBanner />
      <nav class="list-scroll" aria-label={text("chats.title")}>
        <Show when={props.note}>{(note) => <p class="list-note" role="status">{note()}</p>}</Show>
        <Show when={app.chats()?.length === 0}>
          <div class="list-empty">
            <p class="list-empty-title">{text("chats.empty")}</p>
            <p>{text("chats.empty-hint")}</p>
          </div>
        </Show>
        <ul class="list">
          <For each={chatIds()}>
            {(chatId) => <Show when={app.chat(chatId)}>{(chat) => <ChatRow chat={chat()} own={username()} />}</Show>}
          </For>
        </ul>
      </nav>
      <BackgroundProgress />
      <footer class="list-foot">
        <Avatar name={username()} />
        <span class="list-self">
          <span class="list-username">{username()}</span>
          <ConnectionStatus />
        </span>
        <button
          type="button"
          class="icon-button"
          aria-label={text("chats.settings")}
          title={text("chats.settings")}
          aria-current={inSettings() ? "page" : undefined}
          onClick={() => app.navigation.go({ kind: "settings" })}
        >
          <Icon name="settings" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={text("chats.sign-out")}
          title={text("chats.sign-out")}
          onClick={() => setSigningOut(true)}
        >
          <Icon name="leave" />
        </button>
      </footer>
      <Show when={signingOut()}>
        <SignOutDialog onClose={() => setSigningOut(false)} />
      </Show>
    </section>
  );
}

function ChatRow(props: { chat: ChatSummary; own: string }): JSX.Element {
  const app = useApp();
  const route = () => app.navigation.route();
  const id = (part: string) => `chat-${props.chat.chatId}-${part}`;
  const target = () => ({ kind: "chat", chatId: props.chat.chatId, info: false }) as const;
  const current = () => {
    const here = route();
    return here.kind === "chat" && here.chatId === props.chat.chatId;
  };
  /** What is begun in the open chat stands in its field. */
  const draft = () => (current() || !props.chat.active ? "" : app.drafts.of(props.chat.chatId).trim());
  const preview = () => {
    const last = props.chat.lastMessage;
    if (!last) return text("chats.nothing");
    const words = wordsOf(last);
    if (last.sender === props.own) return `${text("chats.you")}: ${words}`;
    return props.chat.kind === "group" ? `${last.sender}: ${words}` : words;
  };
  return (
    <li>
      <a
        class="chat-row"
        classList={{ "chat-row-unread": props.chat.unread > 0 }}
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
        <Avatar name={props.chat.title} group={props.chat.kind === "group"} />
        <span id={id("title")} class="chat-row-title" dir="auto">{props.chat.title}</span>
        <time id={id("time")} class="chat-row-time" dateTime={new Date(props.chat.activityMs).toISOString()}>
          {listTimeText(props.chat.activityMs, Date.now())}
        </time>
        <span id={id("preview")} class="chat-row-preview" dir="auto">
          <Show when={draft()} fallback={preview()}>
            <span class="chat-row-draft">{text("chats.draft")}:</span> {draft()}
          </Show>
        </span>
        <span id={id("marks")} class="chat-row-marks">
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
          <Show when={props.chat.unread > 0}>
            <span class="badge" role="img" aria-label={plural("chats.unread", props.chat.unread)}>
              {props.chat.unread}
            </span>
          </Show>
        </span>
      </a>
    </li>
  );
}
