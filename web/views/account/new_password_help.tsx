import { createEffect, createSignal, For, type JSX, on, onCleanup, Show } from "solid-js";
import type { PasswordJudgement } from "../../../client/api/password_judgement.ts";
import { newPasswordWords } from "../../i18n/new_password_words.ts";
import { useApp } from "../../state/app_context.ts";
import { createTask } from "../../state/task.ts";
import { CopyButton } from "../common/copy_button.tsx";
import { ProblemNote } from "../common/problem_note.tsx";
import { ProgressLine } from "../common/progress_line.tsx";
import "../../styles/new_password.css";

/** After the last key. A judgement takes some ms, but the first one loads the word lists. */
const typingPauseMs = 120;

/**
 * Says how strong a new password is while it is typed, and what would make it stronger; offers a passphrase.
 * Loaded where a password is made: web/views/account/new_password_field.tsx.
 *
 * @param props.typed what stands in the field
 * @param props.username whom the password is for; it counts as known
 * @param props.offer shows a passphrase at once
 * @param props.onTake puts the passphrase into the field
 */
export function NewPasswordHelp(props: {
  typed: string;
  username: () => string;
  offer?: boolean;
  readOnly?: boolean;
  onTake: (passphrase: string) => void;
}): JSX.Element {
  const app = useApp();
  const words = newPasswordWords();
  const judging = createTask();
  const offering = createTask();
  const [judged, setJudged] = createSignal<PasswordJudgement>();
  const [offered, setOffered] = createSignal<string>();
  let phrase!: HTMLParagraphElement;
  let timer: number | undefined;
  onCleanup(() => clearTimeout(timer));

  async function judge(): Promise<void> {
    const typed = props.typed;
    if (typed === "") return void setJudged(undefined);
    await judging.run(async () => setJudged(await app.engine.judgePassword(typed, props.username())));
    // Keys that came meanwhile have found the task busy.
    if (typed !== props.typed) await judge();
  }
  createEffect(on(() => props.typed, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void judge(), typingPauseMs);
  }));

  const suggest = () => offering.run(async () => setOffered(await app.engine.suggestPassphrase(props.username())));
  createEffect(() => props.offer && offered() === undefined && void suggest());

  const verdict = () => {
    if (props.typed === "") return "";
    if (props.typed === offered()) return words.keep;
    if (judging.long()) return words.checking;
    if (judging.problem()) return words.unknown;
    const fault = judged()?.fault;
    return fault ? words.fault[fault] : judged() ? words.taken : "";
  };

  return (
    <div class="new-password">
      <Show when={props.typed !== "" && judged()}>
        {(judgement) => (
          <div
            class="meter"
            classList={{ "meter-weak": judgement().fault !== undefined }}
            role="meter"
            aria-label={words.strength}
            aria-valuemin="0"
            aria-valuemax="4"
            aria-valuenow={judgement().score}
            aria-valuetext={words.levels[judgement().score]}
          >
            <For each={[1, 2, 3, 4]}>
              {(step) => <span classList={{ "meter-on": judgement().score >= step }} />}
            </For>
          </div>
        )}
      </Show>
      <p class="hint" role="status" classList={{ "hint-wrong": judged()?.fault !== undefined && props.typed !== "" }}>
        <Show when={props.typed !== "" && judged() && !judging.long()}>
          <strong>{words.levels[judged()!.score]}</strong>
          {" "}
        </Show>
        {verdict()}
      </p>
      <Show
        when={offered()}
        fallback={
          <button
            type="button"
            class="link-button new-password-suggest"
            disabled={props.readOnly || offering.running()}
            onClick={() => void suggest()}
          >
            {words.suggest}
          </button>
        }
      >
        {(passphrase) => (
          <div class="passphrase" role="group" aria-label={words.suggested}>
            <p ref={phrase} class="passphrase-words">{passphrase()}</p>
            <div class="passphrase-actions">
              <button
                type="button"
                class="button"
                disabled={props.readOnly}
                onClick={() => props.onTake(passphrase())}
              >
                {words.use}
              </button>
              <CopyButton
                value={passphrase()}
                label={words.copy}
                onRefused={() => getSelection()?.selectAllChildren(phrase)}
              />
              <button
                type="button"
                class="link-button"
                disabled={props.readOnly || offering.running()}
                onClick={() => void suggest()}
              >
                {words.another}
              </button>
            </div>
          </div>
        )}
      </Show>
      <ProblemNote problem={offering.problem()} />
      <Show when={offering.long()}>
        <ProgressLine active fallback="working" />
      </Show>
    </div>
  );
}
