import { createEffect, createSignal, type JSX, Show } from "solid-js";
import { PasswordField } from "./password_field.tsx";

type Help = typeof import("./new_password_help.tsx").NewPasswordHelp;

/**
 * A field for a password that is made here: with its strength, and a passphrase on offer. That help is a part of its
 * own, so that the sign-in screen does not load it; where it can not be loaded, the engine judges alone.
 *
 * @param props.making whether the password is a new one
 * @param props.offer shows a passphrase at once
 * @param props.username whom the password is for
 */
export function NewPasswordField(
  props: Parameters<typeof PasswordField>[0] & { making: boolean; offer?: boolean; username: () => string },
): JSX.Element {
  const [typed, setTyped] = createSignal("");
  const [revealed, setRevealed] = createSignal(0);
  const [loaded, setLoaded] = createSignal<Help>();
  let field!: HTMLInputElement;
  createEffect(() => {
    if (!props.making || loaded()) return;
    import("./new_password_help.tsx").then(({ NewPasswordHelp }) => setLoaded(() => NewPasswordHelp), () => {});
  });
  // What was typed before the help came is judged, too.
  const present = () => typed() || field.value;
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
      <Show when={props.making && loaded()} keyed>
        {(NewPasswordHelp) => (
          <NewPasswordHelp
            typed={present()}
            username={props.username}
            offer={props.offer}
            readOnly={props.readOnly}
            onTake={take}
          />
        )}
      </Show>
    </div>
  );
}
