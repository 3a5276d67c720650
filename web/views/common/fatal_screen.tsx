import type { JSX } from "solid-js";
import type { EngineProblem } from "../../../client/api/errors.ts";
import { text } from "../../i18n/language.ts";
import { Mark, Wordmark } from "./icons.tsx";
import { ProblemText } from "./problem_note.tsx";

/** Shown when the app can not run: says why, and what to do. */
export function FatalScreen(props: { problem: EngineProblem }): JSX.Element {
  return (
    <main class="entry">
      <div class="entry-card" role="alert">
        <h1 class="brand">
          <Mark />
          <Wordmark />
        </h1>
        <ProblemText problem={props.problem} />
        <button type="button" class="button button-primary" onClick={() => location.reload()}>
          {text("problem.reload")}
        </button>
      </div>
    </main>
  );
}
