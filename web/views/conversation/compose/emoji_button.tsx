import { createSignal, type JSX, lazy, Show, Suspense } from "solid-js";
import { text } from "../../../i18n/language.ts";
import type { Box } from "../../../state/placement.ts";
import { Icon } from "../../common/icons.tsx";

const EmojiPopover = lazy(async () => ({ default: (await import("../../emoji/emoji_popover.tsx")).EmojiPopover }));

/** Opens the emoji picker, whose choice goes into the field. */
export function EmojiButton(props: { onPick: (sign: string) => void }): JSX.Element {
  const [at, setAt] = createSignal<Box>();
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={text("compose.emoji")}
        title={text("compose.emoji")}
        aria-haspopup="dialog"
        aria-expanded={at() !== undefined}
        onClick={(event) => setAt(event.currentTarget.getBoundingClientRect())}
      >
        <Icon name="emoji" />
      </button>
      <Suspense>
        <Show when={at()} keyed>
          {(anchor) => <EmojiPopover anchor={anchor} onPick={props.onPick} onClose={() => setAt(undefined)} />}
        </Show>
      </Suspense>
    </>
  );
}
