import { createResource, createSignal, For, type JSX, Show } from "solid-js";
import { fill } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Dialog } from "../common/dialog.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import "../../styles/people.css";

/** How many of the person's newest messages are offered. */
const offered = 20;

/** Reports a person to whoever runs the server, with the messages that the user chooses. None is chosen before. */
export function ReportDialog(props: { chatId: string; username: string; onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [reason, setReason] = createSignal("");
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set());
  const [done, setDone] = createSignal(false);
  const [messages] = createResource(async () => {
    const { items } = await app.engine.timeline(props.chatId, undefined, 200);
    return items.filter((item) => item.kind === "message" && item.sender === props.username && item.text !== "")
      .slice(-offered);
  });
  const toggle = (order: string) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(order)) after.add(order);
      return after;
    });
  const send = () =>
    task.run(async () => {
      const { chatId, username } = props;
      await app.engine.report({ username, reason: reason().trim(), chatId, orders: [...chosen()] });
      setDone(true);
    });
  const close = () => task.running() || props.onClose();
  return (
    <Dialog title={fill(words.reportTitle, { name: app.people.bothOf(props.username) })} onCancel={close}>
      <Show when={!done()} fallback={<p role="status">{words.reported}</p>}>
        <p>{words.reportWhy}</p>
        <div class="field">
          <label for="report-reason">{words.reportReason}</label>
          <textarea
            id="report-reason"
            class="input"
            aria-label={words.reportReason}
            rows="3"
            maxlength="4000"
            data-first
            value={reason()}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </div>
        <Show when={(messages() ?? []).length > 0}>
          <fieldset class="choices report-messages">
            <legend class="panel-heading">{words.reportMessages}</legend>
            <For each={messages()}>
              {(item) => (
                <label class="check-row">
                  <input type="checkbox" checked={chosen().has(item.order)} onInput={() => toggle(item.order)} />
                  <span dir="auto">{item.kind === "message" ? item.text.slice(0, 200) : ""}</span>
                </label>
              )}
            </For>
          </fieldset>
        </Show>
        <ProblemNote problem={task.problem()} />
        <ProgressLine active={task.long()} fallback="working" />
      </Show>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close} disabled={task.running()}>{words.close}</button>
        <Show when={!done()}>
          <button
            type="button"
            class="button button-danger"
            disabled={task.running() || reason().trim() === ""}
            onClick={() => void send()}
          >
            {words.reportSend}
          </button>
        </Show>
      </div>
    </Dialog>
  );
}
