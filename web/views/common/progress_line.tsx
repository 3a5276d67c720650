import { type JSX, Show } from "solid-js";
import type { Progress } from "../../../client/api/engine_api.ts";
import { text } from "../../i18n/language.ts";
import { useApp } from "../../state/app_context.ts";

/**
 * A wait that is longer than 200 ms: the task, and its progress where that is known. Its space is reserved,
 * so that nothing moves.
 */
export function ProgressLine(
  props: { active: boolean; fallback: Progress["task"] | "signing-out" | "working" },
): JSX.Element {
  const app = useApp();
  const progress = () => app.progress();
  const name = () => text(`progress.${progress()?.task ?? props.fallback}`);
  const measured = () => progress()?.total !== undefined;
  return (
    <div class="progress-line">
      <Show when={props.active}>
        <div
          class="progress-bar"
          classList={{ "progress-endless": !measured() }}
          role="progressbar"
          aria-label={name()}
          aria-valuemin={measured() ? 0 : undefined}
          aria-valuemax={measured() ? progress()!.total : undefined}
          aria-valuenow={measured() ? progress()!.done : undefined}
        >
          <Show when={measured()} fallback={<span class="progress-run" />}>
            <progress
              class="progress-measure"
              aria-hidden="true"
              max={progress()!.total}
              value={progress()!.done ?? 0}
            />
          </Show>
        </div>
        <span class="progress-name" aria-live="polite">
          {name()}
          <Show when={measured()}>
            {" · "}
            {text("progress.of", { done: progress()!.done ?? 0, total: progress()!.total! })}
          </Show>
        </span>
      </Show>
    </div>
  );
}
