import { For, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { reactionsBySign } from "../../../state/message_reactions.ts";
import type { MessageViewProps } from "../message_view.ts";

/**
 * The signs on a message, each with how many people gave it; their names are read out and shown on hover. A
 * sign is a text of a member, and may look like a number. So the number is set apart.
 */
export function ReactionView(props: MessageViewProps): JSX.Element {
  const signs = () => reactionsBySign(props.item.reactions ?? []);
  return (
    <Show when={signs().length > 0}>
      <ul class="reactions">
        <For each={signs()}>
          {({ sign, senders }) => (
            <li class="reaction" title={text("message.reaction", { sign, who: senders.join(", ") })}>
              <span aria-hidden="true">
                <bdi>{sign}</bdi>
                <Show when={senders.length > 1}>
                  <span class="reaction-count">{senders.length}</span>
                </Show>
              </span>
              <span class="visually-hidden">{text("message.reaction", { sign, who: senders.join(", ") })}</span>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
