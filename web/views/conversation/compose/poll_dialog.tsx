import { createSignal, createUniqueId, Index, type JSX, Show } from "solid-js";
import { minPollOptions } from "../../../../client/content/kinds/poll.ts";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { randomMessageId } from "../../../state/message_id.ts";
import { faultOf, newPollDraft, type PollFault, readyPoll, withRoom } from "../../../state/poll_draft.ts";
import { createTask } from "../../../state/task.ts";
import { Dialog } from "../../common/dialog.tsx";
import { Icon } from "../../common/icons.tsx";
import { ProblemNote } from "../../common/problem_note.tsx";
import { ProgressLine } from "../../common/progress_line.tsx";

function faultText(fault: PollFault): string {
  if (fault.kind === "twice") return text("poll.twice");
  const field = fault.kind === "question-too-long"
    ? text("poll.question")
    : text("poll.option", { number: fault.number });
  return text("poll.too-long", { field });
}

/** Makes a poll: a question, its answers, and whether several may be chosen. */
export function PollDialog(props: { chatId: string; onClose: () => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [draft, setDraft] = createSignal(newPollDraft());
  const questionId = createUniqueId();
  const messageId = randomMessageId();
  const setOption = (index: number, option: string) =>
    setDraft({ ...draft(), options: withRoom(draft().options.with(index, option)) });
  const drop = (index: number) => setDraft({ ...draft(), options: withRoom(draft().options.toSpliced(index, 1)) });
  const cancel = () => task.running() || props.onClose();

  async function send(): Promise<void> {
    const poll = readyPoll(draft());
    if (poll && await task.run(() => app.engine.sendPoll(props.chatId, messageId, poll))) props.onClose();
  }

  return (
    <Dialog title={text("poll.title")} onCancel={cancel}>
      <form
        class="poll-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div class="field">
          <label for={questionId}>{text("poll.question")}</label>
          <input
            id={questionId}
            class="input"
            data-first
            dir="auto"
            value={draft().question}
            onInput={(event) => setDraft({ ...draft(), question: event.currentTarget.value })}
          />
        </div>
        <Index each={draft().options}>
          {(option, index) => (
            <div class="poll-row">
              <input
                class="input"
                dir="auto"
                aria-label={text("poll.option", { number: index + 1 })}
                placeholder={text("poll.option", { number: index + 1 })}
                value={option()}
                onInput={(event) => setOption(index, event.currentTarget.value)}
              />
              <Show when={draft().options.length > minPollOptions}>
                <button
                  type="button"
                  class="icon-button"
                  aria-label={text("poll.drop", { number: index + 1 })}
                  title={text("poll.drop", { number: index + 1 })}
                  onClick={() => drop(index)}
                >
                  <Icon name="close" />
                </button>
              </Show>
            </div>
          )}
        </Index>
        <label class="choice-row">
          <input
            type="checkbox"
            checked={draft().several}
            onChange={(event) => setDraft({ ...draft(), several: event.currentTarget.checked })}
          />
          <span>{text("poll.allow-several")}</span>
        </label>
        <Show when={faultOf(draft())}>
          {(fault) => <p class="hint hint-wrong" role="alert">{faultText(fault())}</p>}
        </Show>
        <ProblemNote problem={task.problem()} />
        <ProgressLine active={task.long()} fallback="working" />
        <div class="dialog-actions">
          <button type="button" class="button" disabled={task.running()} onClick={cancel}>
            {text("confirm.cancel")}
          </button>
          <button type="submit" class="button button-primary" disabled={task.running() || !readyPoll(draft())}>
            {text("poll.send")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
