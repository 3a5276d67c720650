import type { JSX } from "solid-js";
import { wordsOf } from "../../../state/message_words.ts";
import type { MessageViewProps } from "../message_view.ts";

/** Replaces a text that its sender has deleted. */
export function DeleteView(props: MessageViewProps): JSX.Element {
  return <span class="message-text message-absent">{wordsOf(props.item)}</span>;
}
