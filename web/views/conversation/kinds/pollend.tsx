import type { JSX } from "solid-js";
import { text } from "../../../i18n/language.ts";
import type { MessageViewProps } from "../message_view.ts";

/** Says that a poll has ended. */
export function PollEndView(_props: MessageViewProps): JSX.Element {
  return <span class="poll-ended">{text("message.pollend")}</span>;
}
