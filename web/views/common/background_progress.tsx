import { type JSX, Show } from "solid-js";
import type { Progress } from "../../../client/api/engine_api.ts";
import { useApp } from "../../state/app_context.ts";
import { ProgressLine } from "./progress_line.tsx";

/** Tasks that run while the user can work on: the rest of the page stays usable. */
const background: ReadonlySet<Progress["task"]> = new Set(["adding-people", "joining", "catching-up"]);

/** The progress of background work in one line; nothing when there is none. */
export function BackgroundProgress(): JSX.Element {
  const app = useApp();
  const shown = () => background.has(app.progress()?.task as Progress["task"]);
  return (
    <Show when={shown()}>
      <div class="background-progress">
        <ProgressLine active fallback="working" />
      </div>
    </Show>
  );
}
