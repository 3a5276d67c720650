import { createSignal, type JSX } from "solid-js";
import { leavingWords } from "../../i18n/leaving_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ExportRow } from "./export_row.tsx";
import "../../styles/settings.css";

/** On a device whose account was deleted elsewhere: saves what it still has, and erases it. */
export function LeftData(props: { username: string }): JSX.Element {
  const app = useApp();
  const words = leavingWords();
  const task = createTask();
  const [asked, setAsked] = createSignal(false);
  return (
    <section class="settings-card left-data" aria-label={words.eraseAsk}>
      <ExportRow username={props.username} />
      <div class="settings-row">
        <Icon name="warning" />
        <div class="settings-what">
          <p class="settings-name">{words.erase}</p>
          <p class="hint" role="status">{task.long() ? words.erasing : asked() ? words.eraseSure : ""}</p>
        </div>
        <button
          type="button"
          class="button button-small button-danger-quiet"
          aria-label={asked() ? words.eraseNow : words.erase}
          disabled={task.running()}
          onClick={() => asked() ? void task.run(() => app.engine.signOut()) : setAsked(true)}
        >
          {asked() ? words.eraseNow : words.deleteLeft}
        </button>
      </div>
      <ProblemNote problem={task.problem()} />
    </section>
  );
}
