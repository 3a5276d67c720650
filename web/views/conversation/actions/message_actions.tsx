import { createSignal, For, type JSX, lazy, onCleanup, onMount, Show, Suspense } from "solid-js";
import type { MessageItem } from "../../../../client/api/engine_api.ts";
import { listenTouch } from "../../../dom/touch_gestures.ts";
import { text } from "../../../i18n/language.ts";
import { quickReactions } from "../../../state/emoji/emoji_choice.ts";
import { actionsOf } from "../../../state/message_actions.ts";
import type { Box } from "../../../state/placement.ts";
import { Icon } from "../../common/icons.tsx";
import { useMessageTools } from "../message_tools_context.ts";
import { ReactButton } from "./react_button.tsx";

const MessageMenu = lazy(async () => ({ default: (await import("./message_menu.tsx")).MessageMenu }));
const EmojiPopover = lazy(async () => ({ default: (await import("../../emoji/emoji_popover.tsx")).EmojiPopover }));

/** Signs that a mouse reaches without a menu. */
const barReactions = 3;

/**
 * What can be done with a message: a bar at its corner for a mouse and the keyboard, the menu by the bar, by the right
 * button and by a long press, and an answer by a swipe.
 *
 * @param props.article the message's element
 */
export function MessageActions(props: { item: MessageItem; article: () => HTMLElement }): JSX.Element {
  const tools = useMessageTools();
  const { item } = props;
  const actions = () => actionsOf(item, tools.place());
  const [near, setNear] = createSignal(false);
  const [menuAt, setMenuAt] = createSignal<Box>();
  const [pickerAt, setPickerAt] = createSignal<Box>();
  let button!: HTMLButtonElement;

  function openMenu(anchor: Box): void {
    if (actions().length > 0) setMenuAt(anchor);
  }

  function onContextMenu(event: MouseEvent): void {
    // The browser's own menu knows links and what is selected.
    const isTheirs = (event.target as Element).closest("a, img, input, [popover]") || !getSelection()?.isCollapsed;
    if (isTheirs || actions().length === 0) return;
    event.preventDefault();
    const { clientX: left, clientY: top } = event;
    openMenu({ left, top, right: left, bottom: top });
  }

  onMount(() => {
    const article = props.article();
    const enter = () => void setNear(true);
    const leave = () => void (article.contains(document.activeElement) || setNear(false));
    article.addEventListener("mouseenter", enter);
    article.addEventListener("focusin", enter);
    article.addEventListener("mouseleave", leave);
    article.addEventListener("contextmenu", onContextMenu);
    onCleanup(listenTouch(article, {
      onLongPress: () => openMenu((article.querySelector(".bubble") ?? article).getBoundingClientRect()),
      onSwipe: () => actions().includes("reply") && tools.run("reply", item),
    }));
  });

  return (
    <Show when={actions().length > 0}>
      <div class="hoverbar" classList={{ "hoverbar-open": menuAt() !== undefined || pickerAt() !== undefined }}>
        <Show when={near()}>
          <Show when={actions().includes("react")}>
            <For each={quickReactions.slice(0, barReactions)}>
              {(sign) => <ReactButton sign={sign} onPick={() => tools.react(item, sign)} />}
            </For>
            <span class="hoverbar-sep" />
          </Show>
          <Show when={actions().includes("reply")}>
            <button
              type="button"
              class="icon-button"
              aria-label={text("actions.reply")}
              title={text("actions.reply")}
              onClick={() => tools.run("reply", item)}
            >
              <Icon name="reply" />
            </button>
          </Show>
        </Show>
        <button
          ref={button}
          type="button"
          class="icon-button"
          aria-label={text("actions.open")}
          title={text("actions.open")}
          aria-haspopup="menu"
          aria-expanded={menuAt() !== undefined}
          onClick={() => openMenu(button.getBoundingClientRect())}
        >
          <Icon name="more" />
        </button>
      </div>
      <Show when={menuAt() ?? pickerAt()}>
        <Suspense>
          <Show when={menuAt()} keyed>
            {(anchor) => (
              <MessageMenu
                item={item}
                actions={actions()}
                anchor={anchor}
                opener={button}
                onReact={() => setPickerAt(anchor)}
                onClose={() => setMenuAt(undefined)}
              />
            )}
          </Show>
          <Show when={pickerAt()} keyed>
            {(anchor) => (
              <EmojiPopover
                anchor={anchor}
                onPick={(sign) => tools.react(item, sign)}
                onClose={() => setPickerAt(undefined)}
              />
            )}
          </Show>
        </Suspense>
      </Show>
    </Show>
  );
}
