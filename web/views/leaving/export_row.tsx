import { createSignal, type JSX, onCleanup, Show } from "solid-js";
import { fill } from "../../i18n/language.ts";
import { leavingWords } from "../../i18n/leaving_words.ts";
import { useApp } from "../../state/app_context.ts";
import { chooseFile, exportName, writeExport } from "../../state/data_export.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";

/** Offers an export of what this device has of the account, with its progress; a second click cancels it. */
export function ExportRow(props: { username: string }): JSX.Element {
  const app = useApp();
  const words = leavingWords();
  const task = createTask();
  const [part, setPart] = createSignal<{ done: number; total: number }>();
  const [exported, setExported] = createSignal(false);
  let cancel = new AbortController();
  onCleanup(() => cancel.abort());

  async function start(): Promise<void> {
    setExported(false);
    setPart(undefined);
    cancel = new AbortController();
    const file = await chooseFile(exportName(props.username, Date.now()));
    if (!file) return;
    await task.run(async () => setExported(await writeExport(app.engine, file, cancel.signal, setPart)));
  }

  return (
    <>
      <div class="settings-row">
        <Icon name="down" />
        <div class="settings-what">
          <p class="settings-name">{words.export}</p>
          <p class="hint">{words.exportWhy}</p>
        </div>
        {/* One button, so that the focus stays on it. */}
        <button
          type="button"
          class="button button-small"
          aria-label={task.running() ? words.cancel : words.export}
          onClick={() => task.running() ? cancel.abort() : void start()}
        >
          {task.running() ? words.cancelShort : words.exportShort}
        </button>
      </div>
      <div class="leaving-state" aria-live="polite">
        <Show when={task.long() && part()}>
          {(now) => (
            <>
              <progress aria-label={words.exporting} max={now().total || 1} value={now().done} />
              <span>{fill(words.progress, now())}</span>
            </>
          )}
        </Show>
        <Show when={exported()}>
          <p class="settings-done">
            <Icon name="sent" />
            <span>{words.exported}</span>
          </p>
        </Show>
        <ProblemNote problem={task.problem()} />
      </div>
    </>
  );
}
