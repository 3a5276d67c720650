import { createEffect, createMemo, createSignal, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import type { ChatFile, MessageRef } from "../../../client/api/engine_api.ts";
import { listenZoom, type Swipe, type ZoomControl } from "../../dom/zoom_gestures.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { useApp } from "../../state/app_context.ts";
import { momentText } from "../../state/clock_text.ts";
import { createSaving, type MediaLibrary } from "../../state/media/library.ts";
import type { MediaWalk } from "../../state/media/walk.ts";
import { zoomStep } from "../../state/media/zoom.ts";
import { Icon } from "../common/icons.tsx";
import { MediaIcon } from "./media_icon.tsx";
import { MediaProblemNote } from "./media_problem.tsx";
import { ViewedPicture } from "./viewed_picture.tsx";
import { ViewedVideo } from "./viewed_video.tsx";
import "../../styles/viewer.css";

/** Looks at the pictures and videos of a chat, one at a time. */
export function Viewer(
  props: {
    walk: MediaWalk;
    library: MediaLibrary;
    /** This account. */
    own: string;
    onClose: () => void;
    onGoTo: (message: MessageRef) => void;
  },
): JSX.Element {
  let dialog!: HTMLDialogElement;
  let stage!: HTMLDivElement;
  let control: ZoomControl | undefined;
  const before = document.activeElement;
  const [scale, setScale] = createSignal(1);
  const file = createMemo(() => props.walk.current());
  const isRightToLeft = () => getComputedStyle(dialog).direction === "rtl";

  function previous(): void {
    if (props.walk.hasPrevious()) void props.walk.previous();
  }

  function swiped(swipe: Swipe): void {
    if (swipe === "down") return props.onClose();
    // What comes next is where reading goes, and is pulled in from there.
    if ((swipe === "left") !== isRightToLeft()) props.walk.next();
    else previous();
  }

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.target instanceof HTMLVideoElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const forward = isRightToLeft() ? "ArrowLeft" : "ArrowRight";
    const back = isRightToLeft() ? "ArrowRight" : "ArrowLeft";
    const keys: Record<string, () => void> = {
      [forward]: () => props.walk.next(),
      [back]: previous,
      "+": () => control?.by(zoomStep),
      "=": () => control?.by(zoomStep),
      "-": () => control?.by(1 / zoomStep),
      "0": () => control?.reset(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  onMount(() => {
    dialog.showModal();
    control = listenZoom(stage, () => stage.querySelector<HTMLElement>(".viewed-picture") ?? undefined, {
      changed: setScale,
      swiped,
    });
  });
  createEffect(on(file, () => {
    control?.reset();
    // What had the focus may have gone with the last picture. Keys must find the viewer.
    queueMicrotask(() => dialog.contains(document.activeElement) || dialog.querySelector("button")?.focus());
  }, { defer: true }));
  onCleanup(() => {
    control?.end();
    queueMicrotask(() => before instanceof HTMLElement && before.isConnected && before.focus());
  });
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={mediaWord("viewer", { at: props.walk.at(), count: props.walk.files().length })}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onKeyDown={onKeyDown}
    >
      <Show when={file()}>
        {(shown) => (
          <ViewerHead
            file={shown()}
            library={props.library}
            own={props.own}
            onClose={props.onClose}
            onGoTo={() => props.onGoTo(shown().message)}
          />
        )}
      </Show>
      <div ref={stage} class="viewer-stage" classList={{ "viewer-zoomed": scale() > 1 }}>
        <Show when={file()} keyed>
          {(shown) =>
            shown.attachment.kind === "video"
              ? <ViewedVideo file={shown} library={props.library} />
              : <ViewedPicture file={shown} library={props.library} />}
        </Show>
        <button
          type="button"
          class="icon-button viewer-side viewer-previous"
          aria-label={mediaWord("previous")}
          aria-busy={props.walk.searching()}
          disabled={!props.walk.hasPrevious()}
          onClick={previous}
        >
          <MediaIcon name="previous" />
        </button>
        <button
          type="button"
          class="icon-button viewer-side viewer-next"
          aria-label={mediaWord("next")}
          disabled={!props.walk.hasNext()}
          onClick={() => props.walk.next()}
        >
          <MediaIcon name="next" />
        </button>
      </div>
      <div class="viewer-tools">
        <button
          type="button"
          class="icon-button"
          aria-label={mediaWord("zoomOut")}
          disabled={scale() === 1 || file()?.attachment.kind === "video"}
          onClick={() => control?.by(1 / zoomStep)}
        >
          <MediaIcon name="zoom-out" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={mediaWord("zoomIn")}
          disabled={file()?.attachment.kind === "video"}
          onClick={() => control?.by(zoomStep)}
        >
          <MediaIcon name="zoom-in" />
        </button>
      </div>
    </dialog>
  );
}

function ViewerHead(
  props: { file: ChatFile; library: MediaLibrary; own: string; onClose: () => void; onGoTo: () => void },
): JSX.Element {
  const { people } = useApp();
  const who = () =>
    props.file.sender === props.own ? mediaWord("you") : people.name(props.file.senderKey, props.file.sender);
  return (
    <header class="viewer-head">
      <button type="button" class="icon-button" aria-label={mediaWord("close")} onClick={() => props.onClose()}>
        <Icon name="close" />
      </button>
      <div class="viewer-words">
        <bdi class="viewer-name">{props.file.attachment.name}</bdi>
        <span class="viewer-from">{mediaWord("from", { who: who(), moment: momentText(props.file.atMs) })}</span>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={mediaWord("goTo")}
        title={mediaWord("goTo")}
        onClick={() => props.onGoTo()}
      >
        <Icon name="chats" />
      </button>
      <Show when={props.file} keyed>
        {(file) => <SaveButton file={file} library={props.library} />}
      </Show>
    </header>
  );
}

function SaveButton(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  const saving = createSaving(props.library, () => props.file);
  const name = () => mediaWord("download", { name: props.file.attachment.name });
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={name()}
        title={name()}
        aria-busy={saving.done() !== undefined}
        onClick={saving.start}
      >
        <Icon name="download" />
      </button>
      <MediaProblemNote problem={saving.problem()} onRetry={saving.start} />
    </>
  );
}
