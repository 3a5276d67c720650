import type { JSX } from "solid-js";
import { text } from "../../../i18n/language.ts";

/**
 * A sign that is given to a message with one press.
 *
 * @param props.pressed whether this account has given it
 */
export function ReactButton(props: { sign: string; pressed?: boolean; onPick: () => void }): JSX.Element {
  const name = () => text("actions.react-with", { sign: props.sign });
  return (
    <button
      type="button"
      class="emo"
      aria-label={name()}
      title={name()}
      aria-pressed={props.pressed}
      onClick={() => props.onPick()}
    >
      {props.sign}
    </button>
  );
}
