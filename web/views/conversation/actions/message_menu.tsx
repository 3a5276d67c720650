import { For, type JSX } from "solid-js";
import type { MessageItem } from "../../../../client/api/engine_api.ts";
import { text } from "../../../i18n/language.ts";
import { quickReactions } from "../../../state/emoji/emoji_choice.ts";
import type { MessageAction } from "../../../state/message_actions.ts";
import type { Box } from "../../../state/placement.ts";
import type { IconName } from "../../common/icons.tsx";
import { Menu, type MenuEntry } from "../../common/menu.tsx";
import { useMessageTools } from "../message_tools_context.ts";
import { ReactButton } from "./react_button.tsx";

const icons: Record<MessageAction, IconName> = {
  reply: "reply",
  react: "react",
  forward: "forward",
  copy: "copy",
  link: "link",
  edit: "edit",
  "end-poll": "poll",
  info: "info",
  "delete-me": "trash",
  "delete-everyone": "trash",
};

/** The menu of one message, with the quick reactions above it. */
export function MessageMenu(
  props: {
    item: MessageItem;
    actions: MessageAction[];
    anchor: Box;
    opener: HTMLElement;
    onReact: () => void;
    onClose: () => void;
  },
): JSX.Element {
  const tools = useMessageTools();
  const { item } = props;
  const isGiven = (sign: string) => {
    const { accountKey } = tools.own();
    return item.reactions?.some((reaction) => reaction.text === sign && reaction.senderKey === accountKey) ?? false;
  };
  const entries = (): MenuEntry[] =>
    props.actions.map((action) => ({
      name: text(`actions.${action}`),
      icon: icons[action],
      danger: action.startsWith("delete"),
      run: () => action === "react" ? props.onReact() : tools.run(action, item),
    }));
  return (
    <Menu
      label={text("actions.open")}
      entries={entries()}
      anchor={props.anchor}
      opener={props.opener}
      onClose={props.onClose}
      head={props.actions.includes("react") && (
        <For each={quickReactions}>
          {(sign) => (
            <ReactButton
              sign={sign}
              pressed={isGiven(sign)}
              onPick={() => {
                props.onClose();
                tools.react(item, sign);
              }}
            />
          )}
        </For>
      )}
    />
  );
}
