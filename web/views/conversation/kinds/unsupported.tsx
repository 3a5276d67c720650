import type { JSX } from "solid-js";
import { wordsOf } from "../../../state/message_words.ts";
import type { MessageViewProps } from "../message_view.ts";

/**
 * Replaces content that this version can not show by a sentence and the content's type, and a text in which nothing
 * can be seen by a sentence.
 */
export function UnsupportedView(props: MessageViewProps): JSX.Element {
  return <span class="message-text message-absent">{wordsOf(props.item)}</span>;
}
