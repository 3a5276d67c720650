import { type JSX, Show } from "solid-js";
import type { EngineProblem } from "../../../client/api/errors.ts";
import type { CodeText } from "../../i18n/codes_en.ts";
import { codeText, plural, text } from "../../i18n/language.ts";
import { Icon } from "./icons.tsx";

/** A problem's two sentences, and its code for quoting. */
export function ProblemText(props: { problem: EngineProblem; sentences?: Record<string, CodeText> }): JSX.Element {
  const sentence = () => props.sentences?.[props.problem.code] ?? codeText(props.problem.code);
  return (
    <p class="problem-text">
      <strong>{sentence().what}</strong> {sentence().todo}
      <Show when={props.problem.retryAfterMs}>
        {(ms) => <>{retryText(ms())}</>}
      </Show>{" "}
      <span class="code">{props.problem.code}</span>
    </p>
  );
}

function retryText(ms: number): string {
  if (ms <= 120_000) return plural("problem.retry-after", Math.ceil(ms / 1000));
  return ms <= 7_200_000
    ? plural("problem.retry-minutes", Math.ceil(ms / 60_000))
    : plural("problem.retry-hours", Math.ceil(ms / 3_600_000));
}

/** A problem, shown where it happened. `sentences` replaces the general sentences of a code. */
export function ProblemNote(
  props: { problem: EngineProblem | undefined; sentences?: Record<string, CodeText>; onDismiss?: () => void },
): JSX.Element {
  return (
    <Show when={props.problem}>
      {(problem) => (
        <div class="problem-note" role="alert">
          <Icon name="failed" />
          <ProblemText problem={problem()} sentences={props.sentences} />
          <Show when={props.onDismiss}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("problem.dismiss")}
              onClick={() => props.onDismiss!()}
            >
              <Icon name="close" />
            </button>
          </Show>
        </div>
      )}
    </Show>
  );
}
