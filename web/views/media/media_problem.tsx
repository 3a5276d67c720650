import { type JSX, Show } from "solid-js";
import { mediaWord } from "../../i18n/media_words.ts";
import type { MediaProblem } from "../../state/media/library.ts";

/** What went wrong with an attachment, and the way to try again. */
export function MediaProblemNote(
  props: { problem: MediaProblem | undefined; onRetry?: () => void },
): JSX.Element {
  return (
    <Show when={props.problem}>
      {(problem) => (
        <p class="media-problem" role="status">
          {problem().what} {problem().todo}
          <Show when={problem().code}>
            {" "}
            <span class="code">{problem().code}</span>
          </Show>
          <Show when={props.onRetry}>
            <button type="button" class="link-button" onClick={() => props.onRetry!()}>{mediaWord("retry")}</button>
          </Show>
        </p>
      )}
    </Show>
  );
}
