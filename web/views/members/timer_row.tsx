import { For, type JSX, Show } from "solid-js";
import type { ChatSummary } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { durationText, timerChoices } from "../../state/duration_text.ts";
import { createTask } from "../../state/task.ts";
import { Icon } from "../common/icons.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

const off = "";

/** How long messages stay in a chat. Admins of a group set it here, and both in a chat of two. */
export function TimerRow(props: { chat: ChatSummary; canSet: boolean }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const isKnown = () => props.chat.features.includes("group-data");
  const value = () => String(props.chat.timerMs ?? off);
  const shown = () => props.chat.timerMs === undefined ? text("info.timer-off") : durationText(props.chat.timerMs);
  const present = () => props.chat.timerMs ? [props.chat.timerMs] : [];
  /** Where a device does not know it, a timer that is there can be turned off. */
  const choices = () => isKnown() ? [...new Set([...timerChoices, ...present()])] : present();
  async function choose(field: HTMLSelectElement): Promise<void> {
    const timerMs = field.value === off ? undefined : Number(field.value);
    if (!await task.run(() => app.engine.setTimer(props.chat.chatId, timerMs))) field.value = value();
  }
  return (
    <div class="settings-row">
      <Icon name="timer" />
      <label class="settings-what" for="timer">
        {text("info.timer")}
        <Show when={!isKnown()}>
          <small class="hint">{text("info.timer-later")}</small>
        </Show>
      </label>
      <Show
        when={props.canSet && (isKnown() || props.chat.timerMs !== undefined)}
        fallback={<span class="settings-value">{shown()}</span>}
      >
        <select
          id="timer"
          class="input settings-select"
          disabled={task.running()}
          onChange={(event) => void choose(event.currentTarget)}
        >
          <option value={off} selected={value() === off}>{text("info.timer-off")}</option>
          <For each={choices()}>
            {(ms) => <option value={ms} selected={value() === String(ms)}>{durationText(ms)}</option>}
          </For>
        </select>
      </Show>
      <ProblemNote problem={task.problem()} />
      <ProgressLine active={task.long()} fallback="working" />
    </div>
  );
}
