import { For, type JSX, Show } from "solid-js";
import { partsOf } from "../../../state/message_parts.ts";
import type { MessageViewProps } from "../message_view.ts";

/** The text, with web addresses that can be followed. */
export function TextView(props: MessageViewProps): JSX.Element {
  return (
    <span class="message-text" dir="auto">
      <For each={partsOf(props.item.text)}>
        {(part) => (
          <Show when={part.href} fallback={part.text}>
            <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a>
          </Show>
        )}
      </For>
    </span>
  );
}
