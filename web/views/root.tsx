import { createEffect, createMemo, type JSX, Match, on, Show, Switch } from "solid-js";
import { text } from "../i18n/language.ts";
import { useApp } from "../state/app_context.ts";
import type { AppUpdate } from "../state/app_update.ts";
import { createPart } from "../state/part.ts";
import { ElsewhereNote } from "./common/elsewhere_note.tsx";
import { FatalScreen } from "./common/fatal_screen.tsx";
import { ProblemNote } from "./common/problem_note.tsx";
import { SignIn } from "./account/sign_in.tsx";

/** What comes while its reader looks is unread for a moment: the title does not blink. In milliseconds. */
const titleMs = 250;

/** Chooses the screen: a fatal problem, signing in, or the chats. */
export function Root(props: { update: AppUpdate }): JSX.Element {
  const app = useApp();
  const signedIn = () => app.account()?.kind === "signed-in" && !app.entering();
  // The first screen does not wait for them: they come while an account is opened.
  const comes = () => app.expectsDevice || app.entering() || signedIn();
  const shell = createPart(() => import("./shell.tsx").catch(reportLater), comes);
  const recovery = createPart(
    () => import("./account/recovery_dialog.tsx").catch(reportLater),
    () => app.entering() || app.recoveryCode() !== undefined,
  );
  const link = createPart(
    () => import("./people/link_dialog.tsx").catch(reportLater),
    () => signedIn() && app.openedLink.code() !== undefined,
  );
  function reportLater(error: unknown): never {
    app.report(error);
    throw error;
  }
  const title = createMemo(() => {
    const unread = (app.chats() ?? []).reduce((sum, chat) => sum + chat.unread, 0);
    return unread > 0 && signedIn() ? `(${unread}) ${text("app.name")}` : text("app.name");
  });
  let retitling: ReturnType<typeof setTimeout> | undefined;
  createEffect(on(title, () => {
    retitling ??= setTimeout(() => {
      retitling = undefined;
      document.title = title();
    }, titleMs);
  }));
  return (
    <>
      <Switch fallback={<SignIn />}>
        <Match when={app.fatal()}>{(problem) => <FatalScreen problem={problem()} />}</Match>
        <Match when={signedIn() && shell()} keyed>
          {({ Shell }) => <Shell />}
        </Match>
        <Match when={signedIn() || (app.account() === undefined && app.expectsDevice)}>
          <div class="opening" aria-busy="true">{text("app.loading")}</div>
        </Match>
      </Switch>
      <Show when={app.recoveryCode()}>
        {(code) => (
          <Show when={recovery()} keyed>
            {({ RecoveryDialog }) => (
              <RecoveryDialog
                shown={code()}
                onContinue={() => app.showRecoveryCode(undefined)}
              />
            )}
          </Show>
        )}
      </Show>
      <Show when={signedIn() && app.recoveryCode() === undefined && link()} keyed>
        {({ LinkDialog }) => (
          <Show when={app.openedLink.code()} keyed>
            {(code) => <LinkDialog code={code} onUsed={app.openedLink.used} onClose={app.openedLink.close} />}
          </Show>
        )}
      </Show>
      <div class="notices">
        <Show when={!signedIn() && app.openedLink.code() !== undefined}>
          <p class="update-note" role="status">{text("sign-in.invited")}</p>
        </Show>
        <Show when={signedIn() && app.connection().kind === "elsewhere"}>
          <ElsewhereNote />
        </Show>
        <ProblemNote problem={app.problem()} onDismiss={app.dismissProblem} />
        <Show when={props.update.ready()}>
          <div class="update-note" role="alert">
            <span>{text("update.ready")}</span>
            <button type="button" class="button" onClick={props.update.later}>{text("update.later")}</button>
            <button type="button" class="button button-primary" onClick={props.update.reload}>
              {text("update.reload")}
            </button>
          </div>
        </Show>
      </div>
    </>
  );
}
