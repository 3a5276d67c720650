import { createSignal, For, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../client/engine/api.ts";
import { plural, text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { createTask } from "../state/task.ts";
import { Avatar } from "./avatar.tsx";
import { ConfirmDialog } from "./confirm_dialog.tsx";
import { Icon } from "./icons.tsx";
import { PeoplePicker } from "./people_picker.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { ProgressLine } from "./progress_line.tsx";

/** Who is in a chat, with what role; adding, removing, leaving. */
export function ChatInfo(props: { chatId: string }): JSX.Element {
  const app = useApp();
  const chat = () => app.chat(props.chatId);
  const close = () => app.navigation.up({ kind: "chat", chatId: props.chatId, info: false });
  return (
    <section
      class="panel"
      aria-label={text("info.title")}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <header class="pane-head">
        <button type="button" class="icon-button" aria-label={text("info.close")} onClick={close}><Icon name="close" /></button>
        <h2 class="pane-title">{text("info.title")}</h2>
      </header>
      <Show when={chat()}>{(known) => <InfoBody chat={known()} />}</Show>
    </section>
  );
}

function InfoBody(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const [leaving, setLeaving] = createSignal(false);
  const [removing, setRemoving] = createSignal<string>();
  const isAdmin = () => props.chat.members.some(({ self, role }) => self && role === "admin");
  const canChange = () => props.chat.active && !props.chat.invitation && props.chat.kind === "group";
  return (
    <div class="panel-body">
      <div class="info-card">
        <Avatar name={props.chat.title} group={props.chat.kind === "group"} />
        <p class="info-name" dir="auto">{props.chat.title}</p>
        <p class="info-how"><Icon name="lock" />{text("info.how")}</p>
      </div>
      <h3 class="panel-heading">{props.chat.kind === "group" ? plural("chat.members", props.chat.members.length) : text("info.people")}</h3>
      <ul class="people">
        <For each={props.chat.members}>
          {(member) => (
            <li class="person">
              <Avatar name={member.username} />
              <span class="person-name">{member.username}<Show when={member.self}> <span class="person-self">({text("info.you")})</span></Show></span>
              <Show when={member.role === "admin" && props.chat.kind === "group"}><span class="badge badge-quiet">{text("info.admin")}</span></Show>
              <Show when={isAdmin() && canChange() && !member.self}>
                <button type="button" class="icon-button" aria-label={text("info.remove", { username: member.username })} onClick={() => setRemoving(member.username)}><Icon name="close" /></button>
              </Show>
            </li>
          )}
        </For>
      </ul>
      <Show when={canChange()}><AddPeople chat={props.chat} /></Show>
      <Show when={props.chat.active}>
        <button type="button" class="button button-danger-quiet" onClick={() => setLeaving(true)}><Icon name="leave" />{text("info.leave")}</button>
      </Show>
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
      <Show when={removing()} keyed>
        {(username) => (
          <ConfirmDialog
            title={text("confirm.remove-title", { username })}
            body={text("confirm.remove", { username })}
            confirm={text("confirm.remove-yes")}
            waiting="working"
            onConfirm={() => app.engine.removePerson(props.chat.chatId, username)}
            onClose={() => setRemoving(undefined)}
          />
        )}
      </Show>
    </div>
  );
}

function AddPeople(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [open, setOpen] = createSignal(false);
  const [picked, setPicked] = createSignal<string[]>([]);
  async function add(): Promise<void> {
    if (!(await task.run(() => app.engine.addPeople(props.chat.chatId, picked())))) return;
    setPicked([]);
    setOpen(false);
  }
  return (
    <Show when={open()} fallback={<button type="button" class="button" onClick={() => setOpen(true)}><Icon name="plus" />{text("info.add")}</button>}>
      <form
        class="add-people"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <PeoplePicker picked={picked()} onPick={setPicked} excluded={props.chat.members.map(({ username }) => username)} />
        <ProblemNote problem={task.problem()} />
        <div class="foot-actions">
          <button type="button" class="button" disabled={task.running()} onClick={() => setOpen(false)}>{text("confirm.cancel")}</button>
          <button type="submit" class="button button-primary" disabled={picked().length === 0 || task.running()}>{text("info.add-submit")}</button>
        </div>
        <ProgressLine active={task.long()} fallback="adding-people" />
      </form>
    </Show>
  );
}
