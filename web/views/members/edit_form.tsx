import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import type { Task } from "../../state/task.ts";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/**
 * What is shown of a group while an admin changes it. Escape gives it up.
 *
 * @param props.children the field
 * @param props.task what saves it
 * @param props.save the words on the button
 */
export function EditForm(
  props: { children: JSX.Element; task: Task; save: string; onSave: () => Promise<void>; onCancel: () => void },
): JSX.Element {
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        void props.onSave();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || props.task.running()) return;
        event.stopPropagation();
        props.onCancel();
      }}
    >
      <div class="field">{props.children}</div>
      <ProblemNote problem={props.task.problem()} />
      <div class="foot-actions">
        <button type="button" class="button" disabled={props.task.running()} onClick={() => props.onCancel()}>
          {text("confirm.cancel")}
        </button>
        <button type="submit" class="button button-primary" disabled={props.task.running()}>{props.save}</button>
      </div>
      <ProgressLine active={props.task.long()} fallback="working" />
    </form>
  );
}
