import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../i18n/language.ts";
import { createPart } from "../../state/part.ts";
import { PasswordField } from "./password_field.tsx";

/**
 * A field for a password that is made here: with its strength, and a passphrase on offer. That help is a part of its
 * own, loaded once somebody types or asks, so that the first screen does not load it; where it can not be loaded, the
 * engine judges alone.
 *
 * @param props.making whether the password is a new one
 * @param props.username whom the password is for
 */
export function NewPasswordField(
  props: Parameters<typeof PasswordField>[0] & { making: boolean; username: () => string },
): JSX.Element {
  const [typed, setTyped] = createSignal("");
  const [revealed, setRevealed] = createSignal(0);
  const [asked, setAsked] = createSignal(false);
  const help = createPart(
    () => import("./new_password_help.tsx"),
    () => props.making && (asked() || typed() !== ""),
  );
  let field!: HTMLInputElement;
  function entered(): void {
    setTyped(field.value);
    props.onInput?.();
  }
  function take(passphrase: string): void {
    field.value = passphrase;
    entered();
    setRevealed(revealed() + 1);
    field.focus();
  }
  return (
    <div class="field-group">
      <PasswordField
        {...props}
        ref={(element) => props.ref(field = element)}
        revealed={revealed()}
        onInput={entered}
      />
      <Show when={props.making}>
        <Show
          when={help()}
          keyed
          fallback={
            <button
              type="button"
              class="link-button new-password-suggest"
              disabled={props.readOnly}
              onClick={() => setAsked(true)}
            >
              {text("sign-in.suggest")}
            </button>
          }
        >
          {({ NewPasswordHelp }) => (
            <NewPasswordHelp
              typed={typed()}
              username={props.username}
              offer={asked()}
              readOnly={props.readOnly}
              onTake={take}
            />
          )}
        </Show>
      </Show>
    </div>
  );
}
