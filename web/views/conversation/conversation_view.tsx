import { createMemo, createSignal, type JSX, lazy, onCleanup, Show, Suspense } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createConversation } from "../../state/conversation.ts";
import { createMessageTools } from "../../state/message_tools.ts";
import { followJumps } from "../../state/jumps.ts";
import { createOutage } from "../../state/outage.ts";
import { createTask } from "../../state/task.ts";
import { createTyping } from "../../state/typing.ts";
import { ChatAvatar } from "../common/avatar.tsx";
import { BackgroundProgress } from "../common/background_progress.tsx";
import { ComposeZone } from "./compose/compose_zone.tsx";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { ConnectionStatus } from "../chats/connection_status.tsx";
import { Icon } from "../common/icons.tsx";
import { KeyChangedBanner } from "./key_changed_banner.tsx";
import { KeyReplacedBanner } from "./key_replaced_banner.tsx";
import { MessageToolsContext } from "./message_tools_context.ts";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { TimelineView } from "./timeline_view.tsx";
import { TypingLine } from "./typing_line.tsx";

const MessageDialogs = lazy(async () => ({
  default: (await import("./actions/message_dialogs.tsx")).MessageDialogs,
}));

/** Loaded when they are opened. */
const ChatSearch = lazy(() => import("../search/chat_search.tsx"));
const ConversationViewer = lazy(() => import("../media/conversation_viewer.tsx"));

/** An expression: the space at the end of a literal would be lost when the code is formatted. */
const separator = " · ";

/** One conversation: its people, its messages, and the composer. */
export function ConversationView(props: { chatId: string; compact: boolean }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.chatId);
  const isLink = () => {
    const route = app.navigation.route();
    return route.kind === "chat" && route.at !== undefined;
  };
  return (
    <Show
      when={chat()}
      fallback={
        <div class="nothing-open">
          <div class="empty">
            <p>{app.chats() ? text(isLink() ? "chat.link-elsewhere" : "chat.not-found") : text("app.loading")}</p>
          </div>
        </div>
      }
    >
      {(known) => <OpenConversation chat={known()} chatId={props.chatId} compact={props.compact} />}
    </Show>
  );
}

/**
 * Rows that fill the window. The list takes a row for 40 pixels high (virtua) until it has measured some. Of more rows
 * it would draw the first, and then, led to the newest, the last.
 */
function rowsInView(): number {
  const [rowPx, aroundPx] = [40, 160];
  return Math.ceil((innerHeight - aroundPx) / rowPx);
}

function OpenConversation(props: { chat: ChatSummary; chatId: string; compact: boolean }): JSX.Element {
  const app = useApp();
  const conversation = createConversation(app, props.chatId, rowsInView());
  const [messageGone, setMessageGone] = createSignal(false);
  followJumps(app.navigation, props.chatId, conversation, setMessageGone);
  const searching = () => app.openings.searchedChat() === props.chatId;
  const setSearching = (open: boolean) => app.openings.searchChat(open ? props.chatId : undefined);
  onCleanup(() => searching() && setSearching(false));
  const tools = createMessageTools(app, () => props.chat, conversation);
  const infoOpen = () => {
    const route = app.navigation.route();
    return route.kind === "chat" && route.info;
  };
  const toggleInfo =
    () => (infoOpen()
      ? app.navigation.up({ kind: "chat", chatId: props.chatId, info: false })
      : app.navigation.go({ kind: "chat", chatId: props.chatId, info: true }));
  // An invitation can be answered directly, which accepts it. The exception is an invitation back into this
  // chat by an account that was not in it. The composer is below it from the start and is never rebuilt.
  const active = createMemo(() => props.chat.active);
  const typing = createTyping(app, props.chatId, conversation.newest);
  const changed = createMemo(
    () => (props.chat.active || props.chat.recovering
      ? props.chat.members.filter(({ keyChanged }) => keyChanged).map(({ username }) => username)
      : []),
  );
  const replaced = createMemo(
    () => (props.chat.active || props.chat.recovering
      ? props.chat.members.find(({ keyReplaced }) => keyReplaced)?.username
      : undefined),
  );
  const stopped = createMemo(() => changed().length > 0 || replaced() !== undefined);
  const whyStopped = () => text(changed().length > 0 ? "chat.stopped" : "chat.stopped-replaced");
  const verified = () => {
    const others = props.chat.members.filter(({ self }) => !self);
    return others.length > 0 && others.every((member) => member.verified);
  };
  const offline = createOutage(app);
  /** The tooltip of a waiting message: the reason. */
  const waits =
    () => (stopped()
      ? whyStopped()
      : props.chat.recovering
      ? text("chat.recovering")
      : app.connection().kind === "elsewhere"
      ? text("chat.waits-elsewhere")
      : offline()
      ? text("chat.waits-offline")
      : text("chat.waits-sending"));
  /** The people of a chat of two who have left. */
  const gone = createMemo(
    () => (props.chat.kind === "direct" && props.chat.active && props.chat.members.every(({ self }) => self)
      ? props.chat.title
      : undefined),
  );
  const invited = createMemo(() => props.chat.active && props.chat.invitation);
  const keys = createMemo(
    () => new Map(props.chat.members.map(({ username, accountKey }) => [username, accountKey])),
    undefined,
    // Each message changes the chat, and all rows ask for keys.
    { equals: (a, b) => a.size === b.size && [...a].every(([username, key]) => b.get(username) === key) },
  );
  return (
    <MessageToolsContext.Provider value={tools}>
      <div class="conversation">
        <header class="pane-head">
          <Show when={props.compact}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("chat.back")}
              onClick={() => app.navigation.up({ kind: "chats" })}
            >
              <Icon name="back" />
            </button>
          </Show>
          <ChatAvatar chat={props.chat} />
          <div class="pane-names">
            <div class="pane-title-row">
              <h1 class="pane-title" dir="auto">{app.people.title(props.chat)}</h1>
              <Show when={verified()}>
                <span class="verified" role="img" aria-label={text("chat.verified")} title={text("chat.verified")}>
                  <Icon name="verified" />
                </span>
              </Show>
            </div>
            <p class="pane-sub">
              <Show when={props.compact}>
                <ConnectionStatus />
                <Show when={app.connection().kind !== "connected"}>{separator}</Show>
              </Show>
              <Show when={props.chat.kind === "group"}>
                {plural("chat.members", props.chat.members.length)}
                {separator}
              </Show>
              <Show when={app.people.title(props.chat) !== props.chat.title}>
                <bdi>@{props.chat.title}</bdi>
                {separator}
              </Show>
              {text("chat.sealed")}
            </p>
          </div>
          <button
            type="button"
            class="icon-button"
            aria-label={text("chat.search")}
            title={text("chat.search")}
            aria-expanded={searching()}
            onClick={() => setSearching(!searching())}
          >
            <Icon name="search" />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={text("chat.info")}
            title={text("chat.info")}
            aria-expanded={infoOpen()}
            onClick={toggleInfo}
          >
            <Icon name="panel" />
          </button>
        </header>
        <Show when={props.compact}>
          <BackgroundProgress />
        </Show>
        <Show when={searching()}>
          <Suspense fallback={<p class="search-note" role="status">{text("app.loading")}</p>}>
            <ChatSearch
              chatId={props.chatId}
              goTo={(order) => void conversation.goTo(order)}
              onClose={() => setSearching(false)}
            />
          </Suspense>
        </Show>
        <div class="notices" role="status">
          <Show when={tools.status.shown()} keyed>{({ words }) => <p class="update-note">{words}</p>}</Show>
        </div>
        <Show when={messageGone()}>
          <p class="wait-note" role="status">
            <Icon name="info" />
            {text("chat.message-gone")}
          </p>
        </Show>
        <KeyChangedBanner usernames={changed()} />
        <Show when={changed().length === 0 && replaced()}>
          {(username) => <KeyReplacedBanner username={username()} group={props.chat.kind === "group"} />}
        </Show>
        <TimelineView
          conversation={conversation}
          title={app.people.title(props.chat)}
          group={props.chat.kind === "group"}
          unread={props.chat.unread}
          unreadFrom={props.chat.unreadFrom}
          waits={waits()}
          keyOf={(username) => keys().get(username)}
        />
        <Show when={active()}>
          <TypingLine names={typing().map((username) => app.people.nameIn(props.chat, username))} />
        </Show>
        <Show when={invited()}>
          <Invitation chat={props.chat} />
        </Show>
        <Show when={active() && offline() && !stopped()}>
          <p class="wait-note">
            <Icon name="waiting" />
            {text("chat.waits-offline")}
          </p>
        </Show>
        <Show
          when={active() && !stopped() && gone() === undefined}
          fallback={
            <p class="foot-note">
              {stopped()
                ? whyStopped()
                : gone() !== undefined
                ? text("chat.partner-left", { username: app.people.bothOf(gone()!) })
                : props.chat.recovering
                ? text("chat.recovering")
                : text("chat.ended")}
            </p>
          }
        >
          <Show when={!props.chat.needsAcceptance}>
            <ComposeZone chat={props.chat} conversation={conversation} />
          </Show>
        </Show>
      </div>
      <Suspense>
        <Show when={tools.dialog()}>
          {(dialog) => <MessageDialogs chatId={props.chatId} dialog={dialog()} />}
        </Show>
        <Show when={tools.viewer()}>
          <ConversationViewer />
        </Show>
      </Suspense>
    </MessageToolsContext.Provider>
  );
}

function Invitation(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const task = createTask();
  // The maker of a group can name any account as admin. The notice in the conversation names the account that
  // really added this one.
  const inviter = () => {
    const other = props.chat.kind === "direct" ? props.chat.members.find(({ self }) => !self) : undefined;
    return other && app.people.both(other.accountKey, other.username);
  };
  const [declining, setDeclining] = createSignal(false);
  async function decline(): Promise<void> {
    await app.engine.leaveChat(props.chat.chatId);
    app.navigation.up({ kind: "chats" });
  }
  return (
    <div class="foot-note foot-invitation">
      <p>
        {props.chat.inviterRevoked
          ? text("chat.invited-by-removed-device")
          : props.chat.onOtherDevices
          ? text("chat.on-other-devices")
          : props.chat.needsAcceptance
          ? text("chat.invited-back")
          : inviter()
          ? text("chat.invited", { username: inviter()! })
          : text("chat.invited-by-nobody")}
      </p>
      <ProblemNote problem={task.problem()} />
      <div class="foot-actions">
        <Show when={!props.chat.onOtherDevices}>
          <button type="button" class="button" disabled={task.running()} onClick={() => setDeclining(true)}>
            {text("chat.decline")}
          </button>
        </Show>
        <button
          type="button"
          class="button button-primary"
          disabled={task.running()}
          onClick={() => void task.run(() => app.engine.acceptInvitation(props.chat.chatId))}
        >
          {text("chat.accept")}
        </button>
      </div>
      <ProgressLine active={task.long()} fallback="joining" />
      <Show when={declining()}>
        <ConfirmDialog
          title={text("confirm.decline-title", { title: app.people.title(props.chat) })}
          body={text("confirm.decline")}
          confirm={text("confirm.decline-yes")}
          waiting="working"
          onConfirm={decline}
          onClose={() => setDeclining(false)}
        />
      </Show>
    </div>
  );
}
