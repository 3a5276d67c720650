import { createSignal, type JSX, onCleanup, Show } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { type MediaLibrary, type MediaProblem, mediaProblem } from "../../state/media/library.ts";
import { LostStreamError, type StreamAddress, UnshownError } from "../../state/media/page_streams.ts";
import { MediaProblemNote } from "./media_problem.tsx";
import { ProgressRing } from "./progress_ring.tsx";
import { Thumbhash } from "./thumbhash.tsx";

/** A video, played from the stream: it begins before all of it is there. */
export function ViewedVideo(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  const { attachment } = props.file;
  const [address, setAddress] = createSignal<StreamAddress>();
  const [problem, setProblem] = createSignal<MediaProblem>();
  let video: HTMLVideoElement | undefined;
  let isGone = false;

  async function open(): Promise<void> {
    setProblem(undefined);
    if (props.library.rule(props.file.senderKey) === "never") return void setProblem({ what: mediaWord("notLoaded") });
    props.library.player.stop();
    try {
      const opened = await props.library.stream(props.file);
      if (isGone) opened.close();
      else setAddress(opened);
    } catch (error) {
      setProblem(mediaProblem(error));
    }
  }

  function broken(): void {
    const isLost = address()?.isLost();
    address()?.close();
    setAddress(undefined);
    setProblem(mediaProblem(isLost ? new LostStreamError() : new UnshownError()));
  }

  void open();
  onCleanup(() => {
    isGone = true;
    // The element asks for no more before its address ends.
    video?.removeAttribute("src");
    video?.load();
    address()?.close();
  });
  return (
    <>
      <Show when={!address()}>
        <span class="viewer-blur">
          <Thumbhash hash={attachment.thumbhash} />
        </span>
      </Show>
      <Show
        when={address()}
        fallback={
          <Show when={!problem()}>
            <ProgressRing label={mediaWord("loading", { name: attachment.name })} part={0} />
          </Show>
        }
      >
        {(opened) => (
          <video
            ref={video}
            class="viewed-video"
            src={opened().url}
            width={attachment.width}
            height={attachment.height}
            aria-label={attachment.description ?? attachment.name}
            controls
            autoplay
            playsinline
            onError={broken}
          />
        )}
      </Show>
      <MediaProblemNote problem={problem()} onRetry={() => void open()} />
    </>
  );
}
