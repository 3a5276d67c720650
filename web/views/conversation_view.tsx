import { createMemo, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../client/engine/api.ts";
import { plural, text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { createConversation } from "../state/conversation.ts";
import { createTask } from "../state/task.ts";
import { Avatar } from "./avatar.tsx";
import { Composer } from "./composer.tsx";
import { ConnectionStatus } from "./connection_status.tsx";
import { Icon } from "./icons.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { ProgressLine } from "./progress_line.tsx";
import { TimelineView } from "./timeline_view.tsx";

/** One conversation: who it is with, what was said, and the field to go on. */
export function ConversationView(props: { chatId: string; compact: boolean }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.chatId);
  return (
    <Show when={chat()} fallback={<div class="nothing-open"><p>{app.chats() ? text("chat.not-found") : text("app.loading")}</p></div>}>
      {(known) => <OpenConversation chat={known()} chatId={props.chatId} compact={props.compact} />}
    </Show>
  );
}

function OpenConversation(props: { chat: ChatSummary; chatId: string; compact: boolean }): JSX.Element {
  const app = useApp();
  const conversation = createConversation(app, props.chatId);
  const infoOpen = () => {
    const route = app.navigation.route();
    return route.kind === "chat" && route.info;
  };
  const toggleInfo = () => (infoOpen() ? app.navigation.up({ kind: "chat", chatId: props.chatId, info: false }) : app.navigation.go({ kind: "chat", chatId: props.chatId, info: true }));
  // An invitation can be answered straight away, which accepts it: the composer stands below it from the start and is never made anew.
  const active = createMemo(() => props.chat.active);
  const invited = createMemo(() => props.chat.active && props.chat.invitation);
  return (
    <div class="conversation">
      <header class="pane-head">
        <Show when={props.compact}>
          <button type="button" class="icon-button" aria-label={text("chat.back")} onClick={() => app.navigation.up({ kind: "chats" })}><Icon name="back" /></button>
        </Show>
        <Avatar name={props.chat.title} group={props.chat.kind === "group"} />
        <div class="pane-names">
          <h1 class="pane-title" dir="auto">{props.chat.title}</h1>
          <p class="pane-sub">
            <Show when={!props.compact} fallback={<ConnectionStatus />}>
              <Show when={props.chat.kind === "group"}>{plural("chat.members", props.chat.members.length)} · </Show>
              {text("chat.sealed")}
            </Show>
          </p>
        </div>
        <button type="button" class="icon-button" aria-label={text("chat.info")} title={text("chat.info")} aria-expanded={infoOpen()} onClick={toggleInfo}><Icon name="info" /></button>
      </header>
      <TimelineView conversation={conversation} title={props.chat.title} group={props.chat.kind === "group"} unread={props.chat.unread} />
      <Show when={invited()}><Invitation chat={props.chat} /></Show>
      <Show when={active()} fallback={<p class="foot-note">{text("chat.ended")}</p>}><Composer chatId={props.chatId} onSend={conversation.send} /></Show>
    </div>
  );
}

function Invitation(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const task = createTask();
  // In a group anybody may be named admin by whoever made it; the line in the conversation names who really added this account.
  const inviter = () => (props.chat.kind === "direct" ? props.chat.members.find(({ self }) => !self)?.username : undefined);
  const decline = () => task.run(async () => {
    await app.engine.leaveChat(props.chat.chatId);
    app.navigation.up({ kind: "chats" });
  });
  return (
    <div class="foot-note foot-invitation">
      <p>{inviter() ? text("chat.invited", { username: inviter()! }) : text("chat.invited-by-nobody")}</p>
      <ProblemNote problem={task.problem()} />
      <div class="foot-actions">
        <button type="button" class="button" disabled={task.running()} onClick={() => void decline()}>{text("chat.decline")}</button>
        <button type="button" class="button button-primary" disabled={task.running()} onClick={() => void task.run(() => app.engine.acceptInvitation(props.chat.chatId))}>{text("chat.accept")}</button>
      </div>
      <ProgressLine active={task.long()} fallback="joining" />
    </div>
  );
}
