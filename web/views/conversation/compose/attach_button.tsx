import { createSignal, type JSX, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import type { Box } from "../../../state/placement.ts";
import { Icon } from "../../common/icons.tsx";
import { Menu, type MenuEntry } from "../../common/menu.tsx";

/**
 * Opens the menu of what can be added to a message.
 *
 * @param props.onOpen says in words what can not be added
 */
export function AttachButton(props: { entries: MenuEntry[]; onOpen: () => void }): JSX.Element {
  const [at, setAt] = createSignal<Box>();
  function open(button: HTMLElement): void {
    props.onOpen();
    if (props.entries.length > 0) setAt(button.getBoundingClientRect());
  }
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={text("compose.attach")}
        title={text("compose.attach")}
        aria-haspopup="menu"
        aria-expanded={at() !== undefined}
        onClick={(event) => open(event.currentTarget)}
      >
        <Icon name="attach" />
      </button>
      <Show when={at()} keyed>
        {(anchor) => (
          <Menu
            label={text("compose.attach")}
            entries={props.entries}
            anchor={anchor}
            onClose={() => setAt(undefined)}
          />
        )}
      </Show>
    </>
  );
}
