import { type JSX, Show } from "solid-js";
import type { Progress } from "../../../client/api/engine_api.ts";
import { useApp } from "../../state/app_context.ts";
import { ProgressLine } from "./progress_line.tsx";

/** What goes on without anybody waiting in front of it: the rest of the page stays free meanwhile. */
const background: ReadonlySet<Progress["task"]> = new Set(["adding-people", "joining", "catching-up"]);

/** Work that goes on behind: a line with its progress, nothing when there is none. */
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
