import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { maxGroupName } from "../../../client/api/profiles_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { EditForm } from "./edit_form.tsx";

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
      <EditForm task={task} save={text("info.rename-save")} onSave={save} onCancel={() => setEditing(false)}>
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
      </EditForm>
    </Show>
  );
}
