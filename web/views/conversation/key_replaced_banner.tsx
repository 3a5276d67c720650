import { type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/**
 * Says that sending has stopped because a person is here by a key that the user has replaced, and where to
 * continue.
 */
export function KeyReplacedBanner(props: { username: string; group: boolean }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const named = () => ({ username: app.people.bothOf(props.username) });
  const startAnew = () =>
    task.run(async () => {
      const chatId = await app.engine.startChat([props.username]);
      app.navigation.go({ kind: "chat", chatId, info: false });
    });
  return (
    <section class="key-banner" role="alert">
      <Icon name="warning" />
      <div class="key-banner-text">
        <strong>{text("chat.key-replaced", named())}</strong>
        <p>
          {text(props.group ? "chat.key-replaced-group" : "chat.key-replaced-direct", named())}
        </p>
        <ProblemNote problem={task.problem()} />
        <ProgressLine active={task.long()} fallback="creating-chat" />
      </div>
      <Show when={!props.group}>
        <div class="key-banner-actions">
          <button type="button" class="button" disabled={task.running()} onClick={() => void startAnew()}>
            {text("chat.start-anew")}
          </button>
        </div>
      </Show>
    </section>
  );
}
