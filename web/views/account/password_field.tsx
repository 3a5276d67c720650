import { createEffect, createSignal, createUniqueId, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { Icon } from "../common/icons.tsx";

/** A password field with a button that shows the password. */
export function PasswordField(props: {
  label: string;
  /** For the browser's password manager. */
  name: string;
  autocomplete: "current-password" | "new-password";
  hint?: string;
  wrong?: boolean;
  readOnly?: boolean;
  first?: boolean;
  /** Rises each time that the field's text is to be shown. */
  revealed?: number;
  onInput?: () => void;
  ref: (field: HTMLInputElement) => void;
}): JSX.Element {
  const [shown, setShown] = createSignal(false);
  const id = createUniqueId();
  createEffect(() => props.revealed && setShown(true));
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="input-row">
        <input
          ref={(field) => props.ref(field)}
          id={id}
          name={props.name}
          type={shown() ? "text" : "password"}
          class="input"
          autocomplete={props.autocomplete}
          autocapitalize="none"
          spellcheck={false}
          maxlength="1024"
          readOnly={props.readOnly}
          onInput={() => props.onInput?.()}
          data-first={props.first ? "" : undefined}
          aria-describedby={props.hint ? `${id}-hint` : undefined}
          aria-invalid={props.wrong ? "true" : undefined}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={shown() ? text("sign-in.hide") : text("sign-in.show")}
          title={shown() ? text("sign-in.hide") : text("sign-in.show")}
          onClick={() => setShown(!shown())}
        >
          <Icon name={shown() ? "hide" : "show"} />
        </button>
      </div>
      <Show when={props.hint}>
        {(hint) => <p id={`${id}-hint`} class="hint" classList={{ "hint-wrong": props.wrong }}>{hint()}</p>}
      </Show>
    </div>
  );
}
