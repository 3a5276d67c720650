import { createSignal, type JSX, Show } from "solid-js";
import { fill, text } from "../../i18n/language.ts";
import { leavingWords } from "../../i18n/leaving_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { PasswordField } from "../account/password_field.tsx";
import { Dialog } from "../common/dialog.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";

/** Whether a deletion that failed with this code may have left chats: neither a wrong password nor an old server. */
function mayHaveLeft(code: string | undefined): boolean {
  return code !== undefined && code !== "L022" && code !== "L037";
}

/** Says what goes and what stays, and deletes the account once its name and its password were typed. */
export function DeleteAccountDialog(props: { username: string; onClose: () => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const words = leavingWords();
  const [wrong, setWrong] = createSignal<"name" | "password">();
  let name!: HTMLInputElement;
  let password!: HTMLInputElement;
  const cancel = () => task.running() || props.onClose();
  const named = (sentence: string) => fill(sentence, { username: props.username });

  async function submit(): Promise<void> {
    const isNamed = name.value.trim().toLowerCase() === props.username;
    setWrong(!isNamed ? "name" : password.value === "" ? "password" : undefined);
    if (wrong()) return (wrong() === "name" ? name : password).focus();
    const { username } = props;
    const deleted = await task.run(async () => {
      await app.engine.deleteAccount(password.value);
      // The sign-in screen has taken the place of this dialog.
      app.setDeleted(username);
      app.navigation.replace({ kind: "chats" });
    });
    if (deleted) return;
    password.focus();
    password.select();
  }

  return (
    <Dialog title={named(words.dialogTitle)} onCancel={cancel}>
      <p>{words.goes}</p>
      <p>{named(words.stays)}</p>
      <p>{words.exportFirst}</p>
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="field">
          <label for="confirm-name">{words.confirmName}</label>
          <input
            ref={(field) => (name = field)}
            id="confirm-name"
            type="text"
            class="input"
            autocomplete="off"
            autocapitalize="none"
            autocorrect="off"
            spellcheck={false}
            maxlength="32"
            data-first
            readOnly={task.running()}
            aria-describedby="confirm-name-hint"
            aria-invalid={wrong() === "name"}
          />
          <p id="confirm-name-hint" class="hint" classList={{ "hint-wrong": wrong() === "name" }}>
            {named(wrong() === "name" ? words.confirmNameWrong : words.confirmNameHint)}
          </p>
        </div>
        <PasswordField
          ref={(field) => (password = field)}
          label={text("password.current")}
          name="current-password"
          autocomplete="current-password"
          wrong={wrong() === "password"}
          {...(wrong() === "password" && { hint: text("sign-in.need-password") })}
          readOnly={task.running()}
        />
        <ProblemNote
          problem={task.problem()}
          sentences={{ L022: { what: text("password.wrong"), todo: text("password.wrong-todo") } }}
        />
        <Show when={mayHaveLeft(task.problem()?.code)}>
          <p class="hint">{words.halfDone}</p>
        </Show>
        <ProgressLine active={task.long()} fallback="working" />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={cancel} disabled={task.running()}>
            {text("confirm.cancel")}
          </button>
          <button type="submit" class="button button-danger" disabled={task.running()}>{words.confirm}</button>
        </div>
      </form>
    </Dialog>
  );
}
