import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { maxGroupName } from "../../../client/api/profiles_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/** A chat's name. An admin of a group can change it here. */
export function GroupName(props: { chat: ChatSummary; canRename: boolean }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [editing, setEditing] = createSignal(false);
  let field!: HTMLInputElement;

  async function save(): Promise<void> {
    const name = field.value.trim();
    if (name === "") return field.focus();
    if (name === props.chat.title || await task.run(() => app.engine.renameChat(props.chat.chatId, name))) {
      setEditing(false);
    }
  }

  return (
    <Show
      when={editing()}
      fallback={
        <div class="info-name-row">
          <p class="info-name" dir="auto">{app.people.title(props.chat)}</p>
          <Show when={props.canRename}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("info.rename")}
              title={text("info.rename")}
              onClick={() => setEditing(true)}
            >
              <Icon name="edit" />
            </button>
          </Show>
        </div>
      }
    >
      <form
        class="rename"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || task.running()) return;
          event.stopPropagation();
          setEditing(false);
        }}
      >
        <div class="field">
          <label for="rename">{text("new-chat.group-name")}</label>
          <input
            ref={(element) => {
              field = element;
              queueMicrotask(() => element.select());
            }}
            id="rename"
            type="text"
            class="input"
            maxlength={maxGroupName}
            autocomplete="off"
            value={props.chat.title}
            readOnly={task.running()}
          />
        </div>
        <ProblemNote problem={task.problem()} />
        <div class="foot-actions">
          <button type="button" class="button" disabled={task.running()} onClick={() => setEditing(false)}>
            {text("confirm.cancel")}
          </button>
          <button type="submit" class="button button-primary" disabled={task.running()}>
            {text("info.rename-save")}
          </button>
        </div>
        <ProgressLine active={task.long()} fallback="working" />
      </form>
    </Show>
  );
}
