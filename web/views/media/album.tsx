import { For, type JSX, Show } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { shownSize } from "../../media/shown_size.ts";
import type { MediaLibrary } from "../../state/media/library.ts";
import { Tile } from "./tile.tsx";

/** Pictures of one message that are shown; the others are behind the last one. */
const shownAtOnce = 4;

/** The pictures and videos of a message: one in its own shape, several as a grid. */
export function Album(
  props: { files: ChatFile[]; library: MediaLibrary; onOpen: (index: number) => void },
): JSX.Element {
  const shown = () => props.files.slice(0, shownAtOnce);
  const hidden = () => props.files.length - shown().length;
  return (
    <Show
      when={props.files.length > 1}
      fallback={
        <Tile
          file={props.files[0]}
          library={props.library}
          size={shownSize(props.files[0].attachment)}
          onOpen={() => props.onOpen(props.files[0].index)}
        />
      }
    >
      <div class={`album album-${shown().length}`}>
        <For each={shown()}>
          {(file, at) => (
            <Tile
              file={file}
              library={props.library}
              more={at() === shownAtOnce - 1 && hidden() > 0 ? hidden() : undefined}
              onOpen={() => props.onOpen(file.index)}
            />
          )}
        </For>
      </div>
    </Show>
  );
}
