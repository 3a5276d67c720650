import { type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { useApp } from "../../../state/app_context.ts";
import { wordsOf } from "../../../state/message_words.ts";
import type { ComposeTarget } from "../../../state/message_tools.ts";
import { Icon } from "../../common/icons.tsx";

/** Above the field: the message that is being answered or changed, and the way out. */
export function ComposeBar(props: { target: ComposeTarget; onCancel: () => void }): JSX.Element {
  const app = useApp();
  const title = () => {
    const { kind, item } = props.target;
    if (kind === "edit") return text("compose.editing");
    return item.own
      ? text("compose.replying-self")
      : text("compose.replying", { who: app.people.name(item.senderKey, item.sender) });
  };
  return (
    <div class="compose-bar">
      <Icon name={props.target.kind} />
      <div class="compose-what">
        <p class="compose-title">{title()}</p>
        <Show when={props.target.kind === "reply"}>
          <p class="compose-words" dir="auto">{wordsOf(props.target.item)}</p>
        </Show>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={text("compose.cancel")}
        title={text("compose.cancel")}
        onClick={() => props.onCancel()}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
