import { createSignal, Index, type JSX, onCleanup, onMount, Show } from "solid-js";
import type { OutgoingFile } from "../../../../client/api/attachments.ts";
import { text } from "../../../i18n/language.ts";
import { lengthText } from "../../../state/file_text.ts";
import { createVoiceRecorder } from "../../../state/outgoing/voice_recorder.ts";
import { Icon } from "../../common/icons.tsx";

/** Of the drawing; the style makes it as wide as there is room. */
const barStep = 4;
const drawn = 48;
const height = 28;

/**
 * In the place of the field: records a voice message, from the moment it is there.
 *
 * @param props.onSend gets what was recorded
 * @param props.onKeep gets it where the user went elsewhere meanwhile
 */
export function VoiceBar(
  props: { onSend: (file: OutgoingFile) => void; onKeep: (file: OutgoingFile) => void; onClose: () => void },
): JSX.Element {
  const recorder = createVoiceRecorder();
  const [ending, setEnding] = createSignal(false);
  const { onKeep } = props;
  let bar!: HTMLDivElement;
  const isLive = () => recorder.state() === "recording" || recorder.state() === "paused";
  const failure = () => {
    const state = recorder.state();
    return state === "refused" || state === "missing" || state === "broken" ? state : undefined;
  };

  async function send(): Promise<void> {
    if (ending()) return;
    setEnding(true);
    const file = await recorder.finish();
    if (file) props.onSend(file);
    props.onClose();
  }

  function cancel(): void {
    setEnding(true);
    recorder.discard();
    props.onClose();
  }

  onMount(() => bar.querySelector<HTMLElement>("[data-first]")?.focus());
  onCleanup(() => {
    if (!ending()) void recorder.finish().then((file) => file && onKeep(file));
  });
  return (
    <div
      ref={bar}
      class="composer voice-bar"
      role="group"
      aria-label={text("outgoing.voice")}
      onKeyDown={(event) => event.key === "Escape" && cancel()}
    >
      <div class="composer-row">
        <button
          type="button"
          class="icon-button"
          data-first
          aria-label={text("outgoing.cancel")}
          title={text("outgoing.cancel")}
          onClick={cancel}
        >
          <Icon name="trash" />
        </button>
        <div class="rec">
          <Show when={recorder.state() === "recording"}>
            <span class="rec-dot" />
          </Show>
          <span class="rec-time" role="timer" aria-label={text("outgoing.voice-time")}>
            {lengthText(recorder.elapsedMs() / 1000)}
          </span>
          <Levels levels={recorder.levels()} />
        </div>
        <Show when={isLive()}>
          <button
            type="button"
            class="icon-button"
            aria-label={text(recorder.state() === "paused" ? "outgoing.resume" : "outgoing.pause")}
            title={text(recorder.state() === "paused" ? "outgoing.resume" : "outgoing.pause")}
            onClick={() => recorder.state() === "paused" ? recorder.resume() : recorder.pause()}
          >
            <Icon name={recorder.state() === "paused" ? "microphone" : "hold"} />
          </button>
        </Show>
        <button
          type="button"
          class="send-button"
          aria-label={text("chat.send")}
          title={text("chat.send")}
          disabled={ending() || !(isLive() || recorder.state() === "ended")}
          onClick={() => void send()}
        >
          <Icon name="send" />
        </button>
      </div>
      <Show when={recorder.state() === "asking"}>
        <p class="hint tray-hint" role="status">{text("outgoing.voice-asking")}</p>
      </Show>
      <Show when={recorder.state() === "ended"}>
        <p class="hint tray-hint" role="status">{text("outgoing.voice-ended")}</p>
      </Show>
      <Show when={failure()}>
        {(reason) => <p class="hint hint-wrong tray-hint" role="alert">{text(`outgoing.voice-${reason()}`)}</p>}
      </Show>
    </div>
  );
}

/** The newest levels, the last one at the end. */
function Levels(props: { levels: readonly number[] }): JSX.Element {
  const bars = () => props.levels.map((level) => Math.max(2, Math.round(level * height)));
  return (
    <svg class="rec-levels" viewBox={`0 0 ${drawn * barStep} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <Index each={bars()}>
        {(bar, index) => <rect x={index * barStep} y={(height - bar()) / 2} width="2.5" height={bar()} rx="1" />}
      </Index>
    </svg>
  );
}
