import { type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { wordsOf } from "../../../state/message_words.ts";
import { hueOf } from "../../common/avatar.tsx";
import type { MessageViewProps } from "../message_view.ts";

/**
 * The answered message in its present form. Where this page does not have it, only a hint that there is one.
 */
export function ReplyView(props: MessageViewProps): JSX.Element {
  return (
    <Show when={props.item.replyTo}>
      <blockquote class="quote" classList={{ "quote-faint": !props.original || props.original.deleted }}>
        <Show when={props.original} fallback={text("message.reply")}>
          {(original) => (
            <>
              <span class={`quote-sender hue-${hueOf(original().sender)}`}>{original().sender}</span>
              <span class="quote-text" dir="auto">{wordsOf(original())}</span>
            </>
          )}
        </Show>
      </blockquote>
    </Show>
  );
}
