import { type JSX, onMount, Show } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import type { MediaLibrary } from "../../state/media/library.ts";
import { createLoading } from "../../state/media/loading.ts";
import { MediaProblemNote } from "./media_problem.tsx";
import { ProgressRing } from "./progress_ring.tsx";
import { Thumbhash } from "./thumbhash.tsx";

/** A picture as large as the screen lets it be. It is loaded because somebody looks at it. */
export function ViewedPicture(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  const { attachment, senderKey } = props.file;
  const loading = createLoading(props.library, props.file, senderKey);
  const done = () => {
    const state = loading.state();
    return state.kind === "loading" ? state.done : undefined;
  };
  onMount(loading.load);
  return (
    <>
      <Show when={!loading.url()}>
        <span class="viewer-blur">
          <Thumbhash hash={attachment.thumbhash} />
        </span>
      </Show>
      <Show when={loading.url()}>
        {(url) => (
          <img
            class="viewed-picture"
            src={url()}
            alt={attachment.description ?? attachment.name}
            draggable={false}
            onError={loading.broken}
          />
        )}
      </Show>
      <Show when={done() !== undefined && attachment.size > 0}>
        <ProgressRing label={mediaWord("loading", { name: attachment.name })} part={done()! / attachment.size} />
      </Show>
      <MediaProblemNote
        problem={loading.problem()}
        onRetry={loading.state().kind === "failed" ? loading.load : undefined}
      />
    </>
  );
}
