import type { JSX } from "solid-js";
import type { EngineProblem } from "../../../client/api/errors.ts";
import { text } from "../../i18n/language.ts";
import { EntryFrame } from "../account/entry_frame.tsx";
import { ProblemText } from "./problem_note.tsx";

/** Shown when the app can not run: says why, and what to do. */
export function FatalScreen(props: { problem: EngineProblem }): JSX.Element {
  return (
    <EntryFrame>
      <div class="entry-form" role="alert">
        <ProblemText problem={props.problem} />
        <button type="button" class="button button-primary" onClick={() => location.reload()}>
          {text("problem.reload")}
        </button>
      </div>
    </EntryFrame>
  );
}
