import { createSignal, type JSX, onMount, Show } from "solid-js";
import { EngineError } from "../../../client/api/errors.ts";
import { codeText, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createPart } from "../../state/part.ts";
import { createTask } from "../../state/task.ts";
import { isUsername } from "../../state/username.ts";
import { Icon, Mark, Wordmark } from "../common/icons.tsx";
import { NewPasswordField } from "./new_password_field.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import { RecoverForm } from "./recover_form.tsx";
import { UsernameField } from "./username_field.tsx";

/**
 * The screen without an account: sign in, create an account, or recover an account whose password is lost.
 */
export function SignIn(): JSX.Element {
  const app = useApp();
  const [recovering, setRecovering] = createSignal(false);
  const [username, setUsername] = createSignal("");
  const ended = () => {
    const account = app.account();
    return account?.kind === "ended" ? account : undefined;
  };
  const deleted = () => ended()?.code === "deleted" ? ended() : undefined;
  const part = createPart(() => import("../leaving/left_data.tsx"), () => deleted() !== undefined);
  // A deleted account is nobody's to sign in to.
  const known = () => username() || (deleted() ? "" : ended()?.username ?? "");
  function show(recover: boolean, typed: string): void {
    setUsername(typed);
    setRecovering(recover);
  }
  return (
    <main class="entry">
      <div class="entry-card">
        <h1 class="brand">
          <Mark />
          <Wordmark />
        </h1>
        <Show when={!recovering()}>
          <p class="tagline">{text("app.tagline")}</p>
        </Show>
        <Show when={ended()}>
          {(account) => (
            <p class="entry-ended" role="alert">
              <strong>{text("sign-in.ended", { username: account().username })}</strong> {codeText(account().code).what}
              {" "}
              {codeText(account().code).todo} <span class="code">{account().code}</span>
            </p>
          )}
        </Show>
        <Show when={app.deleted()}>
          {(name) => <p class="entry-ended" role="status">{text("sign-in.deleted", { username: name() })}</p>}
        </Show>
        <Show when={part()} keyed>
          {({ LeftData }) => <Show when={deleted()}>{(account) => <LeftData username={account().username} />}</Show>}
        </Show>
        <Show when={recovering()} fallback={<SignInForm username={known()} onForgot={(typed) => show(true, typed)} />}>
          <RecoverForm username={known()} onBack={(typed) => show(false, typed)} />
        </Show>
      </div>
      <footer class="entry-foot">
        <ul class="facts">
          <li>
            <Icon name="lock" />
            {text("sign-in.fact-sealed")}
          </li>
          <li>{text("sign-in.fact-hybrid")}</li>
          <li>{text("sign-in.fact-own")}</li>
        </ul>
      </footer>
    </main>
  );
}

/** One form with two buttons: sign in, or create an account. */
function SignInForm(props: { username: string; onForgot: (username: string) => void }): JSX.Element {
  const app = useApp();
  const task = createTask();
  const [missing, setMissing] = createSignal<"username" | "password">();
  const [creating, setCreating] = createSignal(false);
  /** The help with a new password comes after the first try with none or a weak one, or when it is asked for. */
  const [making, setMaking] = createSignal<"tried" | "offered">();
  const [invited, setInvited] = createSignal(false);
  let username!: HTMLInputElement;
  let password!: HTMLInputElement;
  let invite: HTMLInputElement | undefined;
  onMount(() => {
    username.value = props.username;
    (username.value ? password : username).focus();
  });

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

  async function enter(create: boolean): Promise<void> {
    if (task.running()) return;
    if (!complete()) {
      if (create && missing() === "password") setMaking("offered");
      return;
    }
    setCreating(create);
    app.setEntering(true);
    const code = invite?.value.trim();
    const entered = await task.run(async () => {
      if (create) {
        app.showRecoveryCode({
          code: (await app.engine.createAccount(username.value, password.value, ...(code ? [code] : []))).recoveryCode,
          occasion: "new-account",
        });
      } else await app.engine.signIn(username.value, password.value);
    });
    if (entered) password.value = "";
    app.setEntering(false);
    if (entered) return;
    if (create && task.problem()?.code === "E006") setInvited(true);
    if (create && task.problem()?.code === "L003") {
      setMaking(making() ?? "tried");
      return password.focus();
    }
    (create && invite ? invite : password).focus();
  }

  return (
    <form
      class="entry-form"
      aria-label={text("sign-in.title")}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void enter(making() !== undefined);
      }}
    >
      <UsernameField ref={(field) => (username = field)} wrong={missing() === "username"} readOnly={task.running()} />
      <NewPasswordField
        making={making() !== undefined}
        offer={making() === "offered"}
        username={() => username.value.trim().toLowerCase()}
        ref={(field) => (password = field)}
        onInput={() => task.problem()?.code === "L003" && task.clear()}
        label={text("sign-in.password")}
        name="password"
        autocomplete={making() ? "new-password" : "current-password"}
        wrong={missing() === "password"}
        hint={missing() === "password" ? text("sign-in.need-password") : text("sign-in.password-hint")}
        readOnly={task.running()}
      />
      <Show when={invited()}>
        <div class="field">
          <label for="invite">{text("sign-in.invite")}</label>
          <input
            ref={(field) => (invite = field)}
            id="invite"
            type="text"
            class="input"
            autocomplete="off"
            autocapitalize="none"
            autocorrect="off"
            spellcheck={false}
            maxlength="64"
            readOnly={task.running()}
            aria-describedby="invite-hint"
          />
          <p id="invite-hint" class="hint">{text("sign-in.invite-hint")}</p>
        </div>
      </Show>
      <ProblemNote
        problem={task.problem()}
        sentences={missing() === "username" ? { L021: { what: text("sign-in.need-username"), todo: "" } } : undefined}
      />
      <div class="entry-actions">
        <EntryButton main={!making()} disabled={task.running()} onClick={() => void enter(false)}>
          {text("sign-in.submit")}
        </EntryButton>
        <EntryButton main={making() !== undefined} disabled={task.running()} onClick={() => void enter(true)}>
          {text("sign-in.create")}
        </EntryButton>
      </div>
      <div class="entry-links">
        <Show when={!making()}>
          <button
            type="button"
            class="link-button"
            disabled={task.running()}
            onClick={() => setMaking("offered")}
          >
            {text("sign-in.suggest")}
          </button>
        </Show>
        <button
          type="button"
          class="link-button"
          disabled={task.running()}
          onClick={() => props.onForgot(username.value)}
        >
          {text("sign-in.forgot")}
        </button>
      </div>
      <ProgressLine active={task.long()} fallback={creating() ? "registering" : "signing-in"} />
    </form>
  );
}

/** @param props.main whether this is what Enter does */
function EntryButton(
  props: { main: boolean; disabled: boolean; onClick: () => void; children: JSX.Element },
): JSX.Element {
  return (
    <button
      type={props.main ? "submit" : "button"}
      class={props.main ? "button button-primary" : "button"}
      disabled={props.disabled}
      onClick={() => !props.main && props.onClick()}
    >
      {props.children}
    </button>
  );
}
