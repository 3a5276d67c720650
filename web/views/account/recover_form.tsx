import { createSignal, type JSX, onMount } from "solid-js";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { isUsername } from "../../state/username.ts";
import { NewPasswordField } from "./new_password_field.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { UsernameField } from "./username_field.tsx";

/** A code has 32 symbols and a check symbol; spaces and dashes do not count. */
const codeSymbols = 33;

type FieldName = "username" | "code" | "password";

/**
 * Signs in without the password: the recovery code opens the account, and a new password and a new code
 * replace the old ones.
 */
export function RecoverForm(props: { username: string; onBack: (username: string) => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [missing, setMissing] = createSignal<FieldName>();
  const fields = {} as Record<FieldName, HTMLInputElement>;
  onMount(() => {
    fields.username.value = props.username;
    (props.username ? fields.code : fields.username).focus();
  });

  async function recover(): Promise<void> {
    if (task.running()) return;
    const { username, code, password } = fields;
    username.value = username.value.trim().toLowerCase();
    const lacking = !isUsername(username.value)
      ? "username"
      : code.value.replace(/[\s-]/g, "").length !== codeSymbols
      ? "code"
      : password.value === ""
      ? "password"
      : undefined;
    setMissing(lacking);
    if (lacking) return fields[lacking].focus();
    app.setEntering(true);
    const done = await task.run(async () => {
      const { recoveryCode } = await app.engine.recover(username.value, code.value.trim(), password.value);
      app.showRecoveryCode({ code: recoveryCode, occasion: "replaced" });
    });
    if (done) password.value = code.value = "";
    app.setEntering(false);
    if (!done) (task.problem()?.code === "L003" ? password : code).focus();
  }

  return (
    <form
      class="entry-form"
      aria-labelledby="recover-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void recover();
      }}
    >
      <div class="entry-intro">
        <h2 id="recover-title" class="entry-title">{text("recover.title")}</h2>
        <p class="tagline">{text("recover.intro")}</p>
      </div>
      <UsernameField
        ref={(field) => (fields.username = field)}
        wrong={missing() === "username"}
        readOnly={task.running()}
      />
      <div class="field">
        <label for="recovery-code">{text("recovery.code")}</label>
        <input
          ref={(field) => (fields.code = field)}
          id="recovery-code"
          type="text"
          class="input input-code"
          autocomplete="off"
          autocapitalize="characters"
          autocorrect="off"
          spellcheck={false}
          maxlength="80"
          readOnly={task.running()}
          aria-describedby="code-hint"
          aria-invalid={missing() === "code"}
        />
        <p id="code-hint" class="hint" classList={{ "hint-wrong": missing() === "code" }}>
          {missing() === "code" ? text("recover.need-code") : text("recover.code-hint")}
        </p>
      </div>
      <NewPasswordField
        making
        username={() => fields.username.value.trim().toLowerCase()}
        ref={(field) => (fields.password = field)}
        label={text("recover.new-password")}
        name="new-password"
        autocomplete="new-password"
        wrong={missing() === "password"}
        hint={missing() === "password" ? text("sign-in.need-password") : text("password.new-hint")}
        readOnly={task.running()}
      />
      <ProblemNote problem={task.problem()} />
      <button type="submit" class="button button-primary" disabled={task.running()}>{text("recover.submit")}</button>
      <button
        type="button"
        class="link-button entry-link"
        disabled={task.running()}
        onClick={() => props.onBack(fields.username.value)}
      >
        {text("recover.back")}
      </button>
      <ProgressLine active={task.long()} fallback="signing-in" />
    </form>
  );
}
