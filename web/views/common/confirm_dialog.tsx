import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";
import { createTask } from "../../state/task.ts";
import { Dialog } from "./dialog.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { ProgressLine } from "./progress_line.tsx";

/**
 * Asks before an action that others notice or that can not be undone. It stays open until the action is done.
 */
export function ConfirmDialog(props: {
  title: string;
  body: string;
  confirm: string;
  /** The action loses nothing. */
  mild?: boolean;
  waiting: "signing-out" | "working";
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}): JSX.Element {
  const task = createTask();
  const cancel = () => task.running() || props.onClose();
  return (
    <Dialog title={props.title} onCancel={cancel}>
      <p>{props.body}</p>
      <ProblemNote problem={task.problem()} />
      <ProgressLine active={task.long()} fallback={props.waiting} />
      <div class="dialog-actions">
        <button type="button" class="button" data-first onClick={cancel} disabled={task.running()}>
          {text("confirm.cancel")}
        </button>
        <button
          type="button"
          class="button"
          classList={{ "button-danger": !props.mild, "button-primary": props.mild }}
          disabled={task.running()}
          onClick={async () => (await task.run(props.onConfirm)) && props.onClose()}
        >
          {props.confirm}
        </button>
      </div>
    </Dialog>
  );
}
