import { type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import type { MessageViewProps } from "../message_view.ts";

/** The mark of an edited message. */
export function EditView(props: MessageViewProps): JSX.Element {
  return (
    <Show when={props.item.edited}>
      <span class="message-edited">{text("message.edit")}</span>
    </Show>
  );
}
