import { For, type JSX, onMount, Show } from "solid-js";
import type { Box } from "../../state/placement.ts";
import { Icon, type IconName } from "./icons.tsx";
import { Popover } from "./popover.tsx";

export interface MenuEntry {
  name: string;
  icon: IconName;
  /** It destroys something. */
  danger?: boolean;
  run: () => void;
}

/**
 * A menu of actions: arrow keys, Home, End and first letters move in it, Escape and Tab close it.
 *
 * @param props.opener gets the focus before an entry does its work, so that a dialog can give it back
 * @param props.head buttons in a row above the entries, reached by the arrow keys as well
 */
export function Menu(
  props: {
    label: string;
    entries: MenuEntry[];
    anchor: Box;
    opener?: HTMLElement;
    head?: JSX.Element;
    onClose: () => void;
  },
): JSX.Element {
  let popover!: HTMLElement;
  const opener = props.opener ?? (document.activeElement instanceof HTMLElement ? document.activeElement : undefined);
  const entries = () => [...popover.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const row = () => [...popover.querySelectorAll<HTMLElement>(".menu-head button")];
  onMount(() => queueMicrotask(() => entries()[0]?.focus()));

  function move(event: KeyboardEvent): void {
    const target = nextFocus(event.key, document.activeElement, row(), entries());
    if (target) {
      event.preventDefault();
      target.focus();
    } else if (event.key === "Tab") {
      event.preventDefault();
      props.onClose();
    }
  }

  return (
    <Popover class="menu" anchor={props.anchor} onClose={props.onClose} ref={(element) => (popover = element)}>
      <div class="menu-keys" onKeyDown={move}>
        <Show when={props.head}>
          <div class="menu-head">{props.head}</div>
        </Show>
        <div role="menu" aria-label={props.label}>
          <For each={props.entries}>
            {(entry) => (
              <button
                type="button"
                role="menuitem"
                class="menu-item"
                classList={{ "menu-danger": entry.danger }}
                tabindex="-1"
                onClick={() => {
                  props.onClose();
                  opener?.focus();
                  entry.run();
                }}
              >
                <Icon name={entry.icon} />
                {entry.name}
              </button>
            )}
          </For>
        </div>
      </div>
    </Popover>
  );
}

/** @returns what a key leads to: in the row by left and right, from it to the entries by down, and round again */
function nextFocus(
  key: string,
  from: Element | null,
  row: HTMLElement[],
  entries: HTMLElement[],
): HTMLElement | undefined {
  const inRow = row.indexOf(from as HTMLElement);
  const at = entries.indexOf(from as HTMLElement);
  const isRightToLeft = getComputedStyle(document.documentElement).direction === "rtl";
  const side = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (side !== 0) {
    return row.length > 0 ? row.at((Math.max(inRow, 0) + (isRightToLeft ? -side : side)) % row.length) : undefined;
  }
  if (key === "ArrowDown") return inRow >= 0 ? entries[0] : entries[at + 1] ?? row[0] ?? entries[0];
  if (key === "ArrowUp") return inRow >= 0 || at === 0 && row.length === 0 ? entries.at(-1) : entries[at - 1] ?? row[0];
  if (key === "Home") return entries[0];
  if (key === "End") return entries.at(-1);
  if ([...key].length > 1 || key === " ") return undefined;
  const starts = (entry: HTMLElement) => entry.textContent!.trim().toLowerCase().startsWith(key.toLowerCase());
  return [...entries.slice(at + 1), ...entries.slice(0, at + 1)].find(starts);
}
