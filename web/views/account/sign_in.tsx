import { createSignal, type JSX, Show } from "solid-js";
import { codeText, text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";
import { createPart } from "../../state/part.ts";
import { EntryForm } from "./entry_form.tsx";
import { EntryFrame } from "./entry_frame.tsx";

/**
 * The screen without an account: create one, sign in to one, or recover an account whose password is lost.
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
  const left = createPart(() => import("../leaving/left_data.tsx"), () => deleted() !== undefined);
  const recovery = createPart(() => import("./recover_form.tsx"), recovering);
  // A deleted account is nobody's to sign in to.
  const known = () => username() || (deleted() ? "" : ended()?.username ?? "");
  function show(recover: boolean, typed: string): void {
    setUsername(typed);
    setRecovering(recover);
  }
  return (
    <EntryFrame>
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
      <Show when={left()} keyed>
        {({ LeftData }) => <Show when={deleted()}>{(account) => <LeftData username={account().username} />}</Show>}
      </Show>
      <Show
        when={recovering()}
        fallback={<EntryForm username={known()} onForgot={(typed) => show(true, typed)} />}
      >
        <Show when={recovery()} keyed>
          {({ RecoverForm }) => <RecoverForm username={known()} onBack={(typed) => show(false, typed)} />}
        </Show>
      </Show>
    </EntryFrame>
  );
}
