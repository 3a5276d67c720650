import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { Dialog } from "../common/dialog.tsx";
import { NewPasswordField } from "../account/new_password_field.tsx";
import { PasswordField } from "../account/password_field.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/**
 * An action that needs the password: says what will happen, asks for the password (and a new one), and stays
 * open until it is done.
 */
export function PasswordDialog(props: {
  title: string;
  body: string;
  confirm: string;
  danger?: boolean;
  /** Also asks for a new password. */
  change?: boolean;
  onConfirm: (password: string, newPassword: string) => Promise<unknown>;
  onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [missing, setMissing] = createSignal(false);
  let current!: HTMLInputElement;
  let fresh: HTMLInputElement | undefined;
  const cancel = () => task.running() || props.onClose();
  const username = () => {
    const account = app.account();
    return account?.kind === "signed-in" ? account.username : "";
  };

  async function submit(): Promise<void> {
    setMissing(current.value === "");
    if (missing()) return current.focus();
    if (fresh && fresh.value === "") return fresh.focus();
    if (await task.run(() => props.onConfirm(current.value, fresh?.value ?? ""))) return props.onClose();
    const weak = task.problem()?.code === "L003" ? fresh : undefined;
    (weak ?? current).focus();
    (weak ?? current).select();
  }

  return (
    <Dialog title={props.title} onCancel={cancel}>
      <p>{props.body}</p>
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <input
          type="text"
          class="visually-hidden"
          autocomplete="username"
          value={username()}
          readOnly
          tabindex="-1"
          aria-hidden="true"
        />
        <PasswordField
          ref={(field) => (current = field)}
          label={text("password.current")}
          name="current-password"
          autocomplete="current-password"
          first
          wrong={missing()}
          hint={missing() ? text("sign-in.need-password") : undefined}
          readOnly={task.running()}
        />
        <Show when={props.change}>
          <NewPasswordField
            making
            username={username}
            ref={(field) => (fresh = field)}
            label={text("recover.new-password")}
            name="new-password"
            autocomplete="new-password"
            hint={text("password.new-hint")}
            readOnly={task.running()}
          />
        </Show>
        <ProblemNote
          problem={task.problem()}
          sentences={{ L022: { what: text("password.wrong"), todo: text("password.wrong-todo") } }}
        />
        <ProgressLine active={task.long()} fallback="working" />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={cancel} disabled={task.running()}>
            {text("confirm.cancel")}
          </button>
          <button
            type="submit"
            class="button"
            classList={{ "button-danger": props.danger, "button-primary": !props.danger }}
            disabled={task.running()}
          >
            {props.confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
