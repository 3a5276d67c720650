import { type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";

/** The field for the own username. `making`: it is chosen here, so the screen says what it may be. */
export function UsernameField(
  props: { making?: boolean; wrong: boolean; readOnly: boolean; ref: (field: HTMLInputElement) => void },
): JSX.Element {
  return (
    <div class="field">
      <label for="username">{text("sign-in.username")}</label>
      <input
        ref={(field) => props.ref(field)}
        id="username"
        name="username"
        type="text"
        class="input"
        autocomplete="username"
        autocapitalize="none"
        autocorrect="off"
        spellcheck={false}
        maxlength="32"
        readOnly={props.readOnly}
        aria-describedby={props.making || props.wrong ? "username-hint" : undefined}
        aria-invalid={props.wrong}
      />
      <Show when={props.making || props.wrong}>
        <p id="username-hint" class="hint" classList={{ "hint-wrong": props.wrong }}>
          {text("sign-in.username-hint")}
        </p>
      </Show>
    </div>
  );
}
