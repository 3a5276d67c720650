import { createResource, createSignal, type JSX, Match, Show, Switch } from "solid-js";
import type { LinkPreview } from "../../../client/api/engine_api.ts";
import { fill } from "../../i18n/language.ts";
import { peopleWords } from "../../i18n/people_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask, problemFrom } from "../../state/task.ts";
import { Dialog } from "../common/dialog.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import "../../styles/people.css";

/** An invite link was opened: what it is, and the one thing that can be done with it. */
export function LinkDialog(props: { code: string; onUsed: () => void; onClose: () => void }): JSX.Element {
  const app = useApp();
  const words = peopleWords();
  const task = createTask();
  const [note, setNote] = createSignal("");
  const [asked, setAsked] = createSignal(false);
  // Without a connection nothing is known of a link; it is asked for again when there is one.
  const [preview] = createResource(
    () => (app.connection().kind === "connected" ? props.code : undefined),
    async (code): Promise<LinkPreview | ReturnType<typeof problemFrom>> => {
      try {
        return await app.engine.readLink(code);
      } catch (error) {
        return problemFrom(error);
      }
    },
  );
  const known = () => {
    const found = preview();
    return found && "state" in found ? found : undefined;
  };
  const problem = () => {
    const found = preview();
    return found && "detail" in found ? found : undefined;
  };
  const dead = () => {
    const state = known()?.state;
    return state && state !== "open" ? words.states[state] : undefined;
  };
  async function use(): Promise<void> {
    await task.run(async () => {
      const { chatId } = await app.engine.useLink(props.code, note().trim());
      props.onUsed();
      if (chatId === undefined) setAsked(true);
      else {
        props.onClose();
        app.navigation.go({ kind: "chat", chatId, info: false });
      }
    });
  }
  const close = () => task.running() || props.onClose();
  return (
    <Dialog title={dead()?.title ?? words.openTitle} onCancel={close}>
      <Switch fallback={<ProgressLine active fallback="working" />}>
        <Match when={problem()}>{(found) => <ProblemNote problem={found()} />}</Match>
        <Match when={dead()}>{(state) => <p>{state().body}</p>}</Match>
        <Match when={asked() && known()}>
          {(link) => <p role="status">{fill(words.asked, { name: app.people.bothOf(link().username) })}</p>}
        </Match>
        <Match when={known()}>
          {(link) => (
            <>
              <p>
                {fill(link().kind === "chat" ? words.openChat : words.openGroup, {
                  name: app.people.bothOf(link().username),
                })}
              </p>
              <Show when={link().kind === "group"}>
                <div class="field">
                  <label for="join-note">{words.note}</label>
                  <input
                    id="join-note"
                    class="input"
                    maxlength="500"
                    autocomplete="off"
                    value={note()}
                    onInput={(event) => setNote(event.currentTarget.value)}
                  />
                </div>
              </Show>
              <ProblemNote problem={task.problem()} />
              <ProgressLine active={task.long()} fallback="working" />
            </>
          )}
        </Match>
      </Switch>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close} disabled={task.running()}>{words.close}</button>
        <Show when={known()?.state === "open" && !asked()}>
          <button type="button" class="button button-primary" disabled={task.running()} onClick={() => void use()}>
            {known()!.kind === "chat" ? words.openChatYes : words.openGroupYes}
          </button>
        </Show>
      </div>
    </Dialog>
  );
}
