import { createSignal, type JSX, onCleanup, onMount, Show } from "solid-js";
import type { ChatFile } from "../../../client/api/engine_api.ts";
import { whenNear } from "../../dom/near_view.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import { lengthText, sizeText } from "../../state/file_text.ts";
import { createSaving, type MediaLibrary, type MediaProblem, mediaProblem } from "../../state/media/library.ts";
import { keyOf, type MediaUse } from "../../state/media/loader.ts";
import { isHeld, loadsByItself } from "../../state/media/loading.ts";
import { UnshownError } from "../../state/media/page_streams.ts";
import type { SoundSource } from "../../state/media/player.ts";
import { barsOf, waveHeight, wavePath, waveWidth } from "../../state/media/wave_path.ts";
import { EngineError } from "../../../client/api/errors.ts";
import { Icon } from "../common/icons.tsx";
import { MediaIcon } from "./media_icon.tsx";
import { MediaProblemNote } from "./media_problem.tsx";

/** Seconds of a step of the keys. */
const stepS = 1;

/** What both views of a sound do. */
function createSound(file: ChatFile, library: MediaLibrary) {
  const key = keyOf(file);
  const { player } = library;
  const { attachment, senderKey } = file;
  const [problem, setProblem] = createSignal<MediaProblem>();
  const [opening, setOpening] = createSignal(false);
  const isBlocked = () => library.rule(senderKey) === "never";
  const length = () => player.length(key) ?? (attachment.durationMs ?? 0) / 1000;
  let ahead: MediaUse | undefined;

  /** A short one is held, a long one is streamed. */
  function open(): Promise<SoundSource> {
    if (!isHeld(attachment)) return library.stream(file);
    return new Promise((resolve, reject) => {
      const use: MediaUse = library.loader.use(file, (state) => {
        const close = () => queueMicrotask(() => use.end());
        if (state.kind === "ready") return resolve({ url: state.url, close });
        if (state.kind === "loading") return;
        close();
        reject(
          state.kind === "unshown" ? new UnshownError() : new EngineError({ code: state.code, detail: "not loaded" }),
        );
      });
    });
  }

  onCleanup(() => ahead?.end());
  return {
    key,
    player,
    length,
    problem: () => isBlocked() ? { what: mediaWord("notLoaded") } : problem(),
    isBlocked,
    opening,
    position: () => Math.min(player.position(key), length() || Infinity),
    toggle() {
      setProblem(undefined);
      setOpening(true);
      void player.toggle(key, open)
        .catch((error) => setProblem(mediaProblem(error instanceof DOMException ? new UnshownError() : error)))
        .finally(() => setOpening(false));
    },
    near() {
      if (loadsByItself(file, library.rule(senderKey))) ahead ??= library.loader.use(file, () => {});
    },
  };
}

type Sound = ReturnType<typeof createSound>;

function PlayButton(props: { sound: Sound; play: string; pause: string }): JSX.Element {
  const isPlaying = () => props.sound.player.isPlaying(props.sound.key);
  return (
    <button
      type="button"
      class="sound-play"
      aria-label={isPlaying() ? props.pause : props.play}
      aria-busy={props.sound.opening()}
      disabled={props.sound.isBlocked()}
      onClick={props.sound.toggle}
    >
      <MediaIcon name={isPlaying() ? "pause" : "play"} />
    </button>
  );
}

/** Where in the sound one is: a slider over what is drawn in `children`. */
function Position(props: { sound: Sound; children?: JSX.Element }): JSX.Element {
  const { sound } = props;
  return (
    <span class="sound-track" dir="ltr">
      {props.children}
      <input
        type="range"
        class="sound-position"
        aria-label={mediaWord("position")}
        aria-valuetext={mediaWord("at", { at: lengthText(sound.position()), length: lengthText(sound.length()) })}
        min="0"
        max={Math.max(stepS, sound.length())}
        step="0.1"
        value={sound.position()}
        disabled={sound.isBlocked()}
        onInput={(event) => sound.player.seek(sound.key, event.currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          const steps: Record<string, number> = {
            ArrowLeft: -stepS,
            ArrowDown: -stepS,
            ArrowRight: stepS,
            ArrowUp: stepS,
          };
          const step = steps[event.key];
          if (step === undefined) return;
          // A step of the field itself is a tenth of a second.
          event.preventDefault();
          sound.player.seek(sound.key, Math.min(sound.length(), Math.max(0, sound.position() + step)));
        }}
      />
    </span>
  );
}

/** A voice message: its waveform is the slider. */
export function Voice(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  let element!: HTMLDivElement;
  const sound = createSound(props.file, props.library);
  const { waveform } = props.file.attachment;
  const bars = barsOf(waveform);
  const played = () => sound.length() > 0 ? Math.round(bars * sound.position() / sound.length()) : 0;
  onMount(() => onCleanup(whenNear(element, sound.near)));
  return (
    <div ref={element} class="sound voice" role="group" aria-label={mediaWord("voiceMessage")}>
      <PlayButton sound={sound} play={mediaWord("playVoice")} pause={mediaWord("pauseVoice")} />
      <Position sound={sound}>
        <svg
          class="wave"
          viewBox={`0 0 ${waveWidth(bars)} ${waveHeight}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
          stroke-width="3"
          stroke-linecap="round"
        >
          <path d={wavePath(waveform, 0, played())} />
          <path class="wave-rest" d={wavePath(waveform, played(), bars)} />
        </svg>
      </Position>
      <span class="sound-time">
        {lengthText(sound.position() > 0 ? sound.position() : sound.length())}
      </span>
      <button
        type="button"
        class="sound-speed"
        aria-label={mediaWord("speed", { speed: `${sound.player.speed()}×` })}
        onClick={() => sound.player.nextSpeed()}
      >
        <span>{sound.player.speed()}×</span>
      </button>
      <MediaProblemNote problem={sound.problem()} onRetry={sound.isBlocked() ? undefined : sound.toggle} />
    </div>
  );
}

/** A sound file with its name and a bar. */
export function AudioFile(props: { file: ChatFile; library: MediaLibrary }): JSX.Element {
  const sound = createSound(props.file, props.library);
  const saving = createSaving(props.library, () => props.file);
  const { name, size } = props.file.attachment;
  return (
    <div class="sound audio" role="group" aria-label={name}>
      <PlayButton sound={sound} play={mediaWord("playAudio", { name })} pause={mediaWord("pauseAudio", { name })} />
      <span class="file-words">
        <bdi class="file-name">{name}</bdi>
        <span class="file-sub">
          <Show when={sound.length() > 0} fallback={sizeText(size)}>
            {mediaWord("at", { at: lengthText(sound.position()), length: lengthText(sound.length()) })}
          </Show>
        </span>
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={mediaWord("download", { name })}
        title={mediaWord("download", { name })}
        aria-busy={saving.done() !== undefined}
        disabled={sound.isBlocked()}
        onClick={saving.start}
      >
        <Icon name="download" />
      </button>
      <Position sound={sound} />
      <MediaProblemNote
        problem={sound.problem() ?? saving.problem()}
        onRetry={sound.isBlocked() ? undefined : saving.problem() ? saving.start : sound.toggle}
      />
    </div>
  );
}
