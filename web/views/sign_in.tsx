import { createSignal, type JSX, onMount, Show } from "solid-js";
import { EngineError } from "../../client/engine/api.ts";
import { codeText, text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import { createTask } from "../state/task.ts";
import { Icon, Mark, Wordmark } from "./icons.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { ProgressLine } from "./progress_line.tsx";

const usernamePattern = /^[a-z][a-z0-9._-]{2,31}$/;

/** One form with two ways out: into an account that there is, or into a new one. */
export function SignIn(): JSX.Element {
  const app = useApp();
  const task = createTask();
  const ended = () => {
    const account = app.account();
    return account?.kind === "ended" ? account : undefined;
  };
  const [shown, setShown] = createSignal(false);
  const [missing, setMissing] = createSignal<"username" | "password">();
  const [creating, setCreating] = createSignal(false);
  let username!: HTMLInputElement;
  let password!: HTMLInputElement;
  onMount(() => {
    username.value = ended()?.username ?? "";
    (username.value ? password : username).focus();
  });

  function complete(): boolean {
    username.value = username.value.trim().toLowerCase();
    const lacking = !usernamePattern.test(username.value) ? "username" : password.value === "" ? "password" : undefined;
    setMissing(lacking);
    task.clear();
    if (lacking === "username") void task.run(() => Promise.reject(new EngineError({ code: "E007", detail: "not a username" })));
    if (lacking) (lacking === "username" ? username : password).focus();
    return lacking === undefined;
  }

  async function enter(create: boolean): Promise<void> {
    if (task.running() || !complete()) return;
    setCreating(create);
    app.setEntering(true);
    const entered = await task.run(async () => {
      if (create) app.showRecoveryCode((await app.engine.createAccount(username.value, password.value)).recoveryCode);
      else await app.engine.signIn(username.value, password.value);
    });
    if (entered) password.value = "";
    app.setEntering(false);
    if (!entered) password.focus();
  }

  return (
    <main class="entry">
      <div class="entry-card">
        <h1 class="brand"><Mark /><Wordmark /></h1>
        <p class="tagline">{text("app.tagline")}</p>
        <Show when={ended()}>
          {(account) => (
            <p class="entry-ended" role="alert">
              <strong>{text("sign-in.ended", { username: account().username })}</strong> {codeText(account().code).what} {codeText(account().code).todo}{" "}
              <span class="code">{account().code}</span>
            </p>
          )}
        </Show>
        <form
          class="entry-form"
          aria-label={text("sign-in.title")}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void enter(false);
          }}
        >
          <div class="field">
            <label for="username">{text("sign-in.username")}</label>
            <input ref={username} id="username" name="username" type="text" class="input" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck={false} maxlength="32" readOnly={task.running()} aria-describedby="username-hint" aria-invalid={missing() === "username"} />
            <p id="username-hint" class="hint" classList={{ "hint-wrong": missing() === "username" }}>{missing() === "username" ? text("sign-in.need-username") : text("sign-in.username-hint")}</p>
          </div>
          <div class="field">
            <label for="password">{text("sign-in.password")}</label>
            <div class="input-row">
              <input ref={password} id="password" name="password" type={shown() ? "text" : "password"} class="input" autocomplete="current-password" autocapitalize="none" spellcheck={false} maxlength="1024" readOnly={task.running()} aria-describedby="password-hint" aria-invalid={missing() === "password"} />
              <button type="button" class="input-action" aria-pressed={shown()} onClick={() => setShown(!shown())}>{shown() ? text("sign-in.hide") : text("sign-in.show")}</button>
            </div>
            <p id="password-hint" class="hint" classList={{ "hint-wrong": missing() === "password" }}>{missing() === "password" ? text("sign-in.need-password") : text("sign-in.password-hint")}</p>
          </div>
          <ProblemNote problem={task.problem()} />
          <div class="entry-actions">
            <button type="submit" class="button button-primary" disabled={task.running()}>{text("sign-in.submit")}</button>
            <button type="button" class="button" disabled={task.running()} onClick={() => void enter(true)}>{text("sign-in.create")}</button>
          </div>
          <ProgressLine active={task.long()} fallback={creating() ? "registering" : "signing-in"} />
        </form>
      </div>
      <footer class="entry-foot">
        <ul class="facts">
          <li><Icon name="lock" />{text("sign-in.fact-sealed")}</li>
          <li>{text("sign-in.fact-hybrid")}</li>
          <li>{text("sign-in.fact-own")}</li>
        </ul>
      </footer>
    </main>
  );
}
