import { createEffect, createSignal, type JSX, on, onMount, Show } from "solid-js";
import { EngineError } from "../../../client/api/errors.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { isUsername } from "../../state/username.ts";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { InviteField } from "./invite_field.tsx";
import { NewPasswordField } from "./new_password_field.tsx";
import { UsernameField } from "./username_field.tsx";

/**
 * One form for two ways: create an account, which comes first, or sign in. The other way's button takes what is typed
 * along, and goes it at once where both fields are filled.
 *
 * @param props.username whom the browser knows; then signing in comes first
 */
export function EntryForm(props: { username: string; onForgot: (username: string) => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [missing, setMissing] = createSignal<"username" | "password">();
  const [creating, setCreating] = createSignal(props.username === "");
  const [invited, setInvited] = createSignal(false);
  let username!: HTMLInputElement;
  let password!: HTMLInputElement;
  let invite: HTMLInputElement | undefined;
  onMount(() => {
    username.value = props.username;
    (username.value ? password : username).focus();
  });

  // The engine may tell late that this device was signed in.
  createEffect(on(() => props.username, (known) => {
    if (known === "" || username.value !== "") return;
    username.value = known;
    setCreating(false);
  }, { defer: true }));

  function complete(): boolean {
    username.value = username.value.trim().toLowerCase();
    const lacking = !isUsername(username.value) ? "username" : password.value === "" ? "password" : undefined;
    setMissing(lacking);
    task.clear();
    if (lacking === "username") {
      void task.run(() => Promise.reject(new EngineError({ code: "L021", detail: "not a username" })));
    }
    if (lacking) (lacking === "username" ? username : password).focus();
    return lacking === undefined;
  }

  async function enter(): Promise<void> {
    if (task.running() || !complete()) return;
    app.setEntering(true);
    const code = invite?.value.trim();
    const entered = await task.run(async () => {
      if (creating()) {
        app.showRecoveryCode({
          code: (await app.engine.createAccount(username.value, password.value, ...(code ? [code] : []))).recoveryCode,
          occasion: "new-account",
        });
      } else await app.engine.signIn(username.value, password.value);
    });
    if (entered) password.value = "";
    app.setEntering(false);
    if (entered) return;
    if (creating() && task.problem()?.code === "E006") setInvited(true);
    if (task.problem()?.code === "L003") return password.focus();
    (creating() && invite ? invite : password).focus();
  }

  function turn(): void {
    setCreating(!creating());
    setMissing(undefined);
    task.clear();
    if (username.value.trim() !== "" && password.value !== "") void enter();
    else (username.value.trim() === "" ? username : password).focus();
  }

  return (
    <form
      class="entry-form"
      aria-labelledby="entry-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <h2 id="entry-title" class="entry-title">{text(creating() ? "sign-in.create-title" : "sign-in.title")}</h2>
      <UsernameField
        ref={(field) => (username = field)}
        making={creating()}
        wrong={missing() === "username"}
        readOnly={task.running()}
      />
      <NewPasswordField
        making={creating()}
        username={() => username.value.trim().toLowerCase()}
        ref={(field) => (password = field)}
        onInput={() => task.problem()?.code === "L003" && task.clear()}
        label={text("sign-in.password")}
        name="password"
        autocomplete={creating() ? "new-password" : "current-password"}
        wrong={missing() === "password"}
        hint={text(
          missing() === "password"
            ? "sign-in.need-password"
            : creating()
            ? "sign-in.password-hint"
            : "sign-in.password-own",
        )}
        readOnly={task.running()}
      />
      <Show when={invited() && creating()}>
        <InviteField ref={(field) => (invite = field)} readOnly={task.running()} />
      </Show>
      <ProblemNote
        problem={task.problem()}
        sentences={missing() === "username" ? { L021: { what: text("sign-in.need-username"), todo: "" } } : undefined}
      />
      <button type="submit" class="button button-primary button-wide" disabled={task.running()}>
        {text(creating() ? "sign-in.create" : "sign-in.submit")}
      </button>
      <div>
        <p class="entry-other">
          {text(creating() ? "sign-in.here-already" : "sign-in.new-here")}
          <button type="button" class="link-button" disabled={task.running()} onClick={turn}>
            {text(creating() ? "sign-in.submit" : "sign-in.create")}
          </button>
        </p>
        <p class="entry-other">
          <button
            type="button"
            class="link-button"
            disabled={task.running()}
            onClick={() => props.onForgot(username.value)}
          >
            {text("sign-in.forgot")}
          </button>
        </p>
      </div>
      <ProgressLine active={task.long()} fallback={creating() ? "registering" : "signing-in"} />
    </form>
  );
}
