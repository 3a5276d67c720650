import { type JSX, Match, onCleanup, onMount, Show, Switch } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { whenNear } from "../../dom/near_view.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import type { PictureSize } from "../../../client/content/picture_header.ts";
import { lengthText, sizeText } from "../../state/file_text.ts";
import type { MediaLibrary } from "../../state/media/library.ts";
import { createLoading, isHeld, type Loading } from "../../state/media/loading.ts";
import { Icon } from "../common/icons.tsx";
import { MediaIcon } from "./media_icon.tsx";
import { MediaProblemNote } from "./media_problem.tsx";
import { ProgressRing } from "./progress_ring.tsx";
import { Thumbhash } from "./thumbhash.tsx";

/**
 * A picture or a video in its place, which it has before it is loaded.
 *
 * @param props.size CSS pixels; absent: it fills its place
 * @param props.more so many others are behind it
 */
export function Tile(
  props: { file: ChatFile; library: MediaLibrary; size?: PictureSize; more?: number; onOpen: () => void },
): JSX.Element {
  let element!: HTMLDivElement;
  const { attachment, senderKey } = props.file;
  const loading = createLoading(props.library, props.file, senderKey);
  const isVideo = attachment.kind === "video";
  /** What can not be shown can be saved in the viewer. */
  const isUnshown = () => loading.state().kind === "unshown" || (!isVideo && !isHeld(attachment));
  const isOpenable = () =>
    !loading.waits() && props.library.rule(senderKey) !== "never" &&
    (isVideo || isUnshown() || loading.url() !== undefined);
  onMount(() => {
    if (!isVideo) onCleanup(whenNear(element, loading.near));
  });
  return (
    <div ref={element} class="tile" classList={{ "tile-sized": props.size !== undefined }}>
      <Show when={props.size}>
        {(size) => (
          <svg
            class="tile-room"
            width={size().width}
            height={size().height}
            viewBox={`0 0 ${size().width} ${size().height}`}
            aria-hidden="true"
          />
        )}
      </Show>
      <Thumbhash hash={attachment.thumbhash} />
      <Show when={loading.url()}>
        {(url) => (
          <img
            class="tile-picture"
            src={url()}
            alt={attachment.description ?? attachment.name}
            decoding="async"
            draggable={false}
            onError={loading.broken}
          />
        )}
      </Show>
      <Show when={!isVideo}>
        <PictureState file={props.file} loading={loading} small={props.size === undefined} />
      </Show>
      <Show when={isVideo && props.library.rule(senderKey) === "never"}>
        <TileProblem file={props.file} loading={loading} small={props.size === undefined} />
      </Show>
      <Show when={isOpenable()}>
        <Show when={isVideo && !props.more}>
          <span class="play-big">
            <MediaIcon name="play" />
          </span>
          <span class="on-media on-media-start">
            <MediaIcon name="video" />
            {attachment.durationMs === undefined ? sizeText(attachment.size) : lengthText(attachment.durationMs / 1000)}
          </span>
        </Show>
        <Show when={props.more}>{(more) => <span class="tile-more" aria-hidden="true">+{more()}</span>}</Show>
        <button
          type="button"
          class="tile-open"
          aria-label={nameOf(props.file, props.more)}
          onClick={() => props.onOpen()}
        />
      </Show>
    </div>
  );
}

function nameOf({ attachment: { kind, name } }: ChatFile, more: number | undefined): string {
  const opens = mediaWord(kind === "video" ? "play" : "open", { name });
  return more ? `${opens}. ${mediaWord("more", { count: more })}` : opens;
}

/** What is over a picture that is not there yet. */
function PictureState(props: { file: ChatFile; loading: Loading; small: boolean }): JSX.Element {
  const { attachment: { name, size, thumbhash } } = props.file;
  const part = () => {
    const state = props.loading.state();
    return state.kind === "loading" ? (size === 0 ? 1 : state.done / size) : undefined;
  };
  return (
    <Switch>
      <Match when={props.loading.problem()}>
        <TileProblem {...props} />
      </Match>
      <Match when={part() !== undefined}>
        <ProgressRing label={mediaWord("loading", { name })} part={part()!} />
      </Match>
      <Match when={props.loading.state().kind === "idle"}>
        <Show when={!thumbhash}>
          <span class="tile-icon">
            <MediaIcon name="image" />
          </span>
        </Show>
        <Show when={!props.loading.waits()}>
          <button
            type="button"
            class="tile-open"
            aria-label={mediaWord("show", { name, size: sizeText(size) })}
            onClick={props.loading.load}
          >
            <span class="on-media on-media-middle">
              <Icon name="download" />
              {sizeText(size)}
            </span>
          </button>
        </Show>
      </Match>
    </Switch>
  );
}

/** Why nothing is shown: in words where there is room for them. */
function TileProblem(props: { file: ChatFile; loading: Loading; small: boolean }): JSX.Element {
  const canRetry = () => props.loading.state().kind === "failed";
  const words = () => `${props.file.attachment.name}. ${props.loading.problem()?.what ?? ""}`;
  return (
    <Show
      when={props.small}
      fallback={
        <MediaProblemNote problem={props.loading.problem()} onRetry={canRetry() ? props.loading.load : undefined} />
      }
    >
      <span class="tile-icon" role="img" aria-label={words()} title={words()}>
        <Icon name="warning" />
      </span>
      <Show when={canRetry()}>
        <button
          type="button"
          class="tile-open"
          aria-label={`${mediaWord("retry")}: ${props.file.attachment.name}`}
          title={words()}
          onClick={props.loading.load}
        />
      </Show>
    </Show>
  );
}
