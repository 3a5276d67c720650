import { createMemo, createSignal, type JSX, onCleanup, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { PeoplePicker } from "../chats/people_picker.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/**
 * Adds people to a group. The work continues when the details are closed, and its result is then shown
 * elsewhere.
 */
export function AddPeople(props: { chat: ChatSummary }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [open, setOpen] = createSignal(false);
  const [picked, setPicked] = createSignal<string[]>([]);
  const members = createMemo(() => props.chat.members.map(({ username }) => username));
  let gone = false;
  onCleanup(() => (gone = true));

  async function add(): Promise<void> {
    const done = await task.run(() =>
      app.engine.addPeople(props.chat.chatId, picked()).catch((error) => {
        if (gone) app.report(error);
        throw error;
      })
    );
    if (!done) return;
    setPicked([]);
    setOpen(false);
  }

  return (
    <Show
      when={open()}
      fallback={
        <button
          type="button"
          class="button"
          onClick={() => setOpen(true)}
        >
          <Icon name="plus" />
          {text("info.add")}
        </button>
      }
    >
      <form
        class="add-people"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <PeoplePicker picked={picked()} onPick={setPicked} excluded={members()} />
        <ProblemNote problem={task.problem()} />
        <div class="foot-actions">
          <button type="button" class="button" disabled={task.running()} onClick={() => setOpen(false)}>
            {text("confirm.cancel")}
          </button>
          <button type="submit" class="button button-primary" disabled={picked().length === 0 || task.running()}>
            {text("info.add-submit")}
          </button>
        </div>
        <ProgressLine active={task.long()} fallback="adding-people" />
      </form>
    </Show>
  );
}
