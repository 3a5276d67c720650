import { type JSX, lazy, Suspense } from "solid-js";
import { text } from "../../i18n/language.ts";
import type { Box } from "../../state/placement.ts";
import { Popover } from "../common/popover.tsx";

/** Loaded with its data when it is first opened. */
const EmojiPicker = lazy(async () => ({ default: (await import("./emoji_picker.tsx")).EmojiPicker }));

/** The emoji picker beside what opened it. It closes with the choice. */
export function EmojiPopover(
  props: { anchor: Box; onPick: (sign: string) => void; onClose: () => void },
): JSX.Element {
  return (
    <Popover
      class="picker-sheet"
      role="dialog"
      label={text("emoji.title")}
      anchor={props.anchor}
      onClose={props.onClose}
    >
      <Suspense fallback={<p class="picker-note" role="status">{text("emoji.loading")}</p>}>
        <EmojiPicker
          onPick={(sign) => {
            props.onClose();
            props.onPick(sign);
          }}
        />
      </Suspense>
    </Popover>
  );
}
