import { For, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { reactionsBySign } from "../../../state/message_reactions.ts";
import type { MessageViewProps } from "../message_view.ts";

/**
 * The reactions to a message, each with its number of people. Their names are read out and shown on hover.
 */
export function ReactionView(props: MessageViewProps): JSX.Element {
  const signs = () => reactionsBySign(props.item.reactions ?? []);
  return (
    <Show when={signs().length > 0}>
      <ul class="reactions">
        <For each={signs()}>
          {({ sign, senders }) => (
            <li class="reaction" title={text("message.reaction", { sign, who: senders.join(", ") })}>
              <span aria-hidden="true">{sign}{senders.length > 1 ? ` ${senders.length}` : ""}</span>
              <span class="visually-hidden">{text("message.reaction", { sign, who: senders.join(", ") })}</span>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
