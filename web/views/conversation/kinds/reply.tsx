import { type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { hueClass } from "../../../state/faces.ts";
import { wordsOf } from "../../../state/message_words.ts";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";

/**
 * The quoted message as it looks now, or a placeholder if the page has not loaded it. A press goes to it, where this
 * device has it.
 */
export function ReplyView(props: MessageViewProps): JSX.Element {
  const tools = useMessageTools();
  const { people } = useApp();
  const faint = () => !props.original || props.original.deleted;
  const hue = () => props.original ? hueClass(props.keyOf?.(props.original.sender)) : "";
  const isKnown = () => props.item.replyTo?.messageId !== undefined || props.item.replyTo?.order !== undefined;
  return (
    <Show when={props.item.replyTo}>
      {(replyTo) => (
        <blockquote class={`quote ${hue()}${faint() ? " quote-faint" : ""}`}>
          <Show when={props.original} fallback={text("message.reply")}>
            {(original) => (
              <>
                <span class="quote-sender">{people.name(original().senderKey, original().sender)}</span>
                <span class="quote-text" dir="auto">{wordsOf(original())}</span>
              </>
            )}
          </Show>
          <Show when={isKnown()}>
            <button
              type="button"
              class="quote-button"
              aria-label={text("quote.show")}
              title={text("quote.show")}
              onClick={() => tools.goTo(replyTo())}
            />
          </Show>
        </blockquote>
      )}
    </Show>
  );
}
