import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { plural, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { AddPeople } from "./add_people.tsx";
import { Avatar } from "../common/avatar.tsx";
import { ConfirmDialog } from "../common/confirm_dialog.tsx";
import { GroupName } from "./group_name.tsx";
import { Icon } from "../common/icons.tsx";
import { MemberList } from "./member_list.tsx";

/** A chat's details: name, members, adding and leaving. `alone`: the screen shows nothing else. */
export function ChatInfo(props: { chatId: string; alone?: boolean }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.chatId);
  const close = () => app.navigation.up({ kind: "chat", chatId: props.chatId, info: false });
  return (
    <section
      class="panel"
      aria-label={text("info.title")}
    >
      <header class="pane-head">
        <button type="button" class="icon-button" aria-label={text("info.close")} onClick={close}>
          <Icon name="close" />
        </button>
        <Show when={props.alone} fallback={<h2 class="pane-title">{text("info.title")}</h2>}>
          <h1 class="pane-title">{text("info.title")}</h1>
        </Show>
      </header>
      <Show when={chat()}>{(known) => <InfoBody chat={known()} />}</Show>
    </section>
  );
}

function InfoBody(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const [leaving, setLeaving] = createSignal(false);
  const isAdmin = () => props.chat.members.some(({ self, role }) => self && role === "admin");
  const canChange = () => props.chat.active && !props.chat.invitation && props.chat.kind === "group";
  return (
    <div class="panel-body">
      <div class="info-card">
        <Avatar name={props.chat.title} group={props.chat.kind === "group"} />
        <GroupName chat={props.chat} canRename={canChange() && isAdmin()} />
        <p class="info-how">
          <Icon name="lock" />
          {text("info.how")}
        </p>
      </div>
      <Show when={props.chat.active}>
        <div class="info-actions">
          <Show when={canChange()}>
            <AddPeople chat={props.chat} />
          </Show>
          <button type="button" class="button button-danger-quiet" onClick={() => setLeaving(true)}>
            <Icon name="leave" />
            {text("info.leave")}
          </button>
        </div>
      </Show>
      <section class="panel-section" aria-labelledby="info-people">
        <h2 id="info-people" class="panel-heading">
          {props.chat.kind === "group" ? plural("chat.members", props.chat.members.length) : text("info.people")}
        </h2>
        <MemberList chat={props.chat} />
      </section>
      <Show when={leaving()}>
        <ConfirmDialog
          title={text("confirm.leave-title", { title: props.chat.title })}
          body={text("confirm.leave")}
          confirm={text("confirm.leave-yes")}
          waiting="working"
          onConfirm={() => app.engine.leaveChat(props.chat.chatId)}
          onClose={() => setLeaving(false)}
        />
      </Show>
    </div>
  );
}
