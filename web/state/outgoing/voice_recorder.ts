/** Records a voice message with the browser's recorder. The microphone is held no longer than it records or rests. */

import { createSignal } from "solid-js";
import type { OutgoingFile } from "../../../client/api/attachments.ts";
import { levelOf, waveformOf } from "./waveform.ts";

/** The longest voice message, in ms. */
export const maxVoiceMs = 15 * 60_000;
const stepMs = 50;
/** Levels that are shown. */
const recentLevels = 48;

/** "ended": the microphone is gone, or it is long enough; what was recorded can be sent. */
export type RecorderState = "asking" | "recording" | "paused" | "ended" | "refused" | "missing" | "broken";

export interface VoiceRecorder {
  state(): RecorderState;
  elapsedMs(): number;
  /** The newest levels, 0 to 1, oldest first. */
  levels(): readonly number[];
  pause(): void;
  resume(): void;
  /** Ends the recording. @returns it; undefined where there is nothing */
  finish(): Promise<OutgoingFile | undefined>;
  /** Ends it and throws it away. */
  discard(): void;
}

const types = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const endings: Record<string, string> = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" };

/** @returns the type that this browser records; undefined where it records none */
export function voiceType(): string | undefined {
  if (typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return undefined;
  return types.find((type) => MediaRecorder.isTypeSupported(type));
}

function reasonOf(error: unknown): RecorderState {
  const name = (error as Error)?.name;
  return name === "NotAllowedError" || name === "SecurityError"
    ? "refused"
    : name === "NotFoundError"
    ? "missing"
    : "broken";
}

/** Asks for the microphone and begins at once. */
export function createVoiceRecorder(): VoiceRecorder {
  const [state, setState] = createSignal<RecorderState>("asking");
  const [elapsedMs, setElapsed] = createSignal(0);
  const [levels, setLevels] = createSignal<readonly number[]>([]);
  const all: number[] = [];
  const parts: Blob[] = [];
  const stopped = Promise.withResolvers<void>();
  let recorder: MediaRecorder | undefined;
  let release = () => {};
  let isOver = false;
  let lastMs = 0;

  /** Time passes while the page is hidden as well, where timers are slow. */
  function tick(analyser: AnalyserNode, samples: Float32Array<ArrayBuffer>): void {
    const nowMs = performance.now();
    const isRunning = state() === "recording";
    if (isRunning) setElapsed(Math.min(maxVoiceMs, elapsedMs() + nowMs - lastMs));
    lastMs = nowMs;
    if (!isRunning) return;
    analyser.getFloatTimeDomainData(samples);
    const level = levelOf(samples);
    while (all.length * stepMs < elapsedMs()) all.push(level);
    setLevels(all.slice(-recentLevels));
    if (elapsedMs() >= maxVoiceMs) end();
  }

  /** The recording is complete; the microphone goes. */
  function end(): void {
    if (recorder && recorder.state !== "inactive") recorder.stop();
    else stopped.resolve();
    release();
    if (state() === "recording" || state() === "paused") setState("ended");
  }

  function begin(stream: MediaStream): void {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => tick(analyser, samples), stepMs);
    release = () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      void context.close().catch(() => {});
      release = () => {};
    };
    recorder = new MediaRecorder(stream, { mimeType: voiceType() });
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      stopped.resolve();
      end();
    });
    for (const track of stream.getTracks()) track.addEventListener("ended", end);
    lastMs = performance.now();
    recorder.start(1_000);
    setState("recording");
  }

  async function ask(): Promise<void> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (!isOver) return begin(stream);
      for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      release();
      setState(reasonOf(error));
      stopped.resolve();
    }
  }

  void ask();
  return {
    state,
    elapsedMs,
    levels,
    pause() {
      if (state() !== "recording") return;
      recorder!.pause();
      setState("paused");
    },
    resume() {
      if (state() !== "paused") return;
      lastMs = performance.now();
      recorder!.resume();
      setState("recording");
    },
    async finish() {
      isOver = true;
      if (!recorder) return undefined;
      end();
      await stopped.promise;
      const type = recorder.mimeType.split(";")[0];
      const source = new Blob(parts, { type });
      if (source.size === 0) return undefined;
      const durationMs = Math.round(elapsedMs());
      return {
        name: `voice.${endings[type] ?? "bin"}`,
        type,
        voice: true,
        durationMs,
        waveform: waveformOf(all),
        source,
      };
    },
    discard() {
      isOver = true;
      parts.length = 0;
      end();
    },
  };
}
