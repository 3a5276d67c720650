import { createMemo, For, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { reactionsBySign, type SignedBy } from "../../../state/message_reactions.ts";
import type { MessageViewProps } from "../message_view.ts";
import { useMessageTools } from "../message_tools_context.ts";

/** Signs that a message shows; all of them are in its info. */
const mostSigns = 12;
/** Names in a tooltip. */
const mostNames = 20;

/**
 * The signs on a message, each with how many people gave it; a press gives the sign or takes it back. A sign is a text
 * of a member, and may look like a number. So the number is set apart.
 */
export function ReactionView(props: MessageViewProps): JSX.Element {
  const tools = useMessageTools();
  const { people } = useApp();
  const signs = createMemo(() => reactionsBySign(props.item.reactions ?? [], tools.own().accountKey));
  const can = () => {
    const { open, changes } = tools.place();
    return open && changes && (props.item.state === "sent" || props.item.state === "received");
  };
  const who = (senders: SignedBy["senders"]) => {
    const names = senders.slice(0, mostNames).map(({ sender, senderKey }) => people.name(senderKey, sender));
    return [...names, ...(senders.length > mostNames ? ["…"] : [])].join(", ");
  };
  const showAll = () => tools.setDialog({ kind: "reactions", messageId: props.item.messageId });
  return (
    <Show when={signs().length > 0}>
      <ul class="reactions">
        <For each={signs().slice(0, mostSigns)}>
          {({ sign, senders, own }) => (
            <li>
              <button
                type="button"
                class="reaction"
                aria-label={`${sign} ${senders.length}`}
                aria-pressed={own}
                title={text("message.reaction", { sign, who: who(senders) })}
                onClick={() => (can() ? tools.react(props.item, sign) : showAll())}
              >
                <span class="reaction-chip">
                  <bdi>{sign}</bdi>
                  <span class="reaction-count">{senders.length}</span>
                </span>
              </button>
            </li>
          )}
        </For>
        <Show when={signs().length > mostSigns}>
          <li>
            <button
              type="button"
              class="reaction"
              aria-label={text("message-info.reactions")}
              title={text("message-info.reactions")}
              onClick={showAll}
            >
              <span class="reaction-chip">+{signs().length - mostSigns}</span>
            </button>
          </li>
        </Show>
      </ul>
    </Show>
  );
}
