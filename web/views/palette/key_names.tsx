import { For, type JSX } from "solid-js";
import { paletteWords } from "../../i18n/palette_words.ts";
import { isApple, type KeyCombination } from "../../state/shortcuts.ts";

const signs: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓" };
const appleSigns: Record<string, string> = { Control: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↵" };

/** @returns the keys as they stand on the keyboard */
function keysOf({ key, mod, shift, alt }: KeyCombination): string[] {
  const { keys } = paletteWords();
  const name = (one: string) => (isApple() && appleSigns[one]) || keys[one] || signs[one] || one.toUpperCase();
  return [...(mod ? ["Control"] : []), ...(alt ? ["Alt"] : []), ...(shift ? ["Shift"] : []), key].map(name);
}

/** The keys of a shortcut, one beside the other. */
export function KeyNames(props: { keys: KeyCombination }): JSX.Element {
  return (
    <span class="keys">
      <For each={keysOf(props.keys)}>{(key) => <kbd class="kbd">{key}</kbd>}</For>
    </span>
  );
}
