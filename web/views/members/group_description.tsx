import { createSignal, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { maxDescriptionLength } from "../../../client/mls/group_data.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { EditForm } from "./edit_form.tsx";

/** What a group is about. An admin can change it here. */
export function GroupDescription(props: { chat: ChatSummary; canDescribe: boolean }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [editing, setEditing] = createSignal(false);
  let field!: HTMLTextAreaElement;

  async function save(): Promise<void> {
    const description = field.value.trim();
    const isSame = description === (props.chat.description ?? "");
    if (isSame || await task.run(() => app.engine.describeChat(props.chat.chatId, description))) setEditing(false);
  }

  return (
    <Show
      when={editing()}
      fallback={
        <>
          <Show when={props.chat.description}>
            {(description) => <p class="info-description" dir="auto">{description()}</p>}
          </Show>
          <Show when={props.canDescribe}>
            <button type="button" class="link-button" onClick={() => setEditing(true)}>
              {text(props.chat.description ? "info.describe-change" : "info.describe")}
            </button>
          </Show>
        </>
      }
    >
      <EditForm task={task} save={text("info.describe-save")} onSave={save} onCancel={() => setEditing(false)}>
        <label for="description">{text("info.description")}</label>
        <textarea
          ref={(element) => {
            field = element;
            queueMicrotask(() => element.focus());
          }}
          id="description"
          aria-label={text("info.description")}
          class="input"
          rows={3}
          maxlength={maxDescriptionLength}
          value={props.chat.description ?? ""}
          readOnly={task.running()}
        />
      </EditForm>
    </Show>
  );
}
