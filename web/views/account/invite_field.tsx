import type { JSX } from "solid-js";
import { text } from "../../i18n/language.ts";

/** The field for the code that a server asks for before it takes a new account. */
export function InviteField(props: { readOnly: boolean; ref: (field: HTMLInputElement) => void }): JSX.Element {
  return (
    <div class="field">
      <label for="invite">{text("sign-in.invite")}</label>
      <input
        ref={(field) => props.ref(field)}
        id="invite"
        type="text"
        class="input"
        autocomplete="off"
        autocapitalize="none"
        autocorrect="off"
        spellcheck={false}
        maxlength="64"
        readOnly={props.readOnly}
        aria-describedby="invite-hint"
      />
      <p id="invite-hint" class="hint">{text("sign-in.invite-hint")}</p>
    </div>
  );
}
