import { createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import { text } from "../../../i18n/language.ts";
import { bringsFiles, droppedFiles, pastedFiles } from "../../../state/outgoing/given_files.ts";
import { Icon } from "../../common/icons.tsx";

/**
 * Takes what is dropped on the conversation, or pasted in it, and shows where it would go. Its place is the element
 * with the class "conversation" around it.
 *
 * @param props.onFiles gets at least one file, or learns that there were folders
 */
export function DropTarget(props: { onFiles: (files: File[], folders: boolean) => void }): JSX.Element {
  let mark!: HTMLSpanElement;
  const [over, setOver] = createSignal(false);
  /** Enters and leaves come for each element within. */
  let depth = 0;

  function enter(event: DragEvent, by: number): void {
    if (!event.dataTransfer || !bringsFiles(event.dataTransfer)) return;
    event.preventDefault();
    depth = Math.max(0, depth + by);
    setOver(depth > 0);
  }

  function drop(event: DragEvent): void {
    depth = 0;
    setOver(false);
    if (!event.dataTransfer || !bringsFiles(event.dataTransfer)) return;
    // The browser would open the file in place of the app.
    event.preventDefault();
    const { files, folders } = droppedFiles(event.dataTransfer);
    if (files.length > 0 || folders) props.onFiles(files, folders);
  }

  function paste(event: ClipboardEvent): void {
    const files = event.clipboardData ? pastedFiles(event.clipboardData) : [];
    if (files.length === 0) return;
    event.preventDefault();
    props.onFiles(files, false);
  }

  onMount(() => {
    const place = mark.closest<HTMLElement>(".conversation");
    if (!place) return;
    const ended = new AbortController();
    const { signal } = ended;
    place.addEventListener("dragenter", (event) => enter(event, 1), { signal });
    place.addEventListener("dragleave", (event) => enter(event, -1), { signal });
    place.addEventListener("dragover", (event) => enter(event, 0), { signal });
    place.addEventListener("drop", drop, { signal });
    place.addEventListener("paste", paste, { signal });
    onCleanup(() => ended.abort());
  });

  return (
    <>
      <span ref={mark} hidden />
      <Show when={over()}>
        <div class="drop-target" role="status">
          <Icon name="attach" size="l" />
          {text("outgoing.drop")}
        </div>
      </Show>
    </>
  );
}
