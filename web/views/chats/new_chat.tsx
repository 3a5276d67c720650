import { createSignal, type JSX, Show } from "solid-js";
import { maxGroupName } from "../../../client/api/profiles_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createPart } from "../../state/part.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { PeoplePicker } from "./people_picker.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/** Picks the people of a new chat. With several people it is a group and needs a name. */
export function NewChat(props: { compact: boolean }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const rows = createPart(() => import("../people/new_chat_rows.tsx"));
  const [picked, setPicked] = createSignal<string[]>([]);
  const [groupName, setGroupName] = createSignal("");
  const isGroup = () => picked().length > 1;
  const ready = () => picked().length > 0 && (!isGroup() || groupName().trim() !== "");

  async function start(): Promise<void> {
    if (!ready()) return;
    await task.run(async () => {
      const chatId = await app.engine.startChat(picked(), isGroup() ? groupName().trim() : undefined);
      app.navigation.replace({ kind: "chat", chatId, info: false });
    });
  }

  return (
    <div class="panel">
      <header class="pane-head">
        <button
          type="button"
          class="icon-button"
          aria-label={text("new-chat.cancel")}
          onClick={() => app.navigation.up({ kind: "chats" })}
        >
          <Icon name={props.compact ? "back" : "close"} />
        </button>
        <h1 class="pane-title">{text("new-chat.title")}</h1>
      </header>
      <form
        class="panel-body"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Show when={picked().length === 0 && rows()} keyed>
          {({ NewChatRows }) => <NewChatRows />}
        </Show>
        <PeoplePicker picked={picked()} onPick={setPicked} />
        <Show when={isGroup()}>
          <div class="field">
            <label for="group-name">{text("new-chat.group-name")}</label>
            <input
              id="group-name"
              type="text"
              class="input"
              maxlength={maxGroupName}
              autocomplete="off"
              aria-describedby="group-hint"
              value={groupName()}
              onInput={(event) => setGroupName(event.currentTarget.value)}
            />
            <p id="group-hint" class="hint">{text("new-chat.group-hint")}</p>
          </div>
        </Show>
        <ProblemNote problem={task.problem()} />
        <div class="panel-actions">
          <button type="submit" class="button button-primary" disabled={!ready() || task.running()}>
            {text("new-chat.start")}
          </button>
          <ProgressLine active={task.long()} fallback="creating-chat" />
        </div>
      </form>
    </div>
  );
}
