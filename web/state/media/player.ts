/**
 * Plays the sounds of one chat: one at a time, also while its row is scrolled out of view. Each sound goes on where it
 * was stopped.
 */

import { createSignal } from "solid-js";
import { LostStreamError } from "./page_streams.ts";

/** Of a sound that is played. */
export interface SoundSource {
  url: string;
  /** Whether the bytes did not come; undefined: they are there. */
  isLost?(): boolean;
  close(): void;
}

export interface Player {
  /** Begins a sound, or stops it; whatever else plays stops. @param open gives its address, when it is needed */
  toggle(key: string, open: () => Promise<SoundSource>): Promise<void>;
  /** @param seconds from the beginning */
  seek(key: string, seconds: number): void;
  isPlaying(key: string): boolean;
  /** Seconds from the beginning. */
  position(key: string): number;
  /** Seconds, as the sound itself has it; undefined before it is known. */
  length(key: string): number | undefined;
  /** 1, 1.5 or 2. */
  speed(): number;
  nextSpeed(): void;
  /** Stops what plays: a video begins. */
  stop(): void;
  close(): void;
}

const speeds = [1, 1.5, 2];
/** A sound that is so near to its end begins anew, in seconds. */
const endS = 0.15;

/** The part of an audio element that is used. */
export type Sound = Pick<
  HTMLAudioElement,
  "src" | "currentTime" | "duration" | "playbackRate" | "play" | "pause" | "addEventListener" | "removeAttribute"
>;

/** @param sound an element of its own, outside of the document */
export function createPlayer(sound: Sound = new Audio()): Player {
  const [current, setCurrent] = createSignal<string>();
  const [playing, setPlaying] = createSignal(false);
  const [at, setAt] = createSignal(0);
  const [length, setLength] = createSignal<number>();
  const [speed, setSpeed] = createSignal(speeds[0]);
  const [kept, setKept] = createSignal<ReadonlyMap<string, number>>(new Map());
  let source: SoundSource | undefined;
  let hasBegun = false;

  function keep(key: string, seconds: number): void {
    setKept(new Map(kept()).set(key, seconds));
  }

  function leave(): void {
    const key = current();
    sound.pause();
    if (key !== undefined) keep(key, sound.currentTime);
    sound.removeAttribute("src");
    source?.close();
    source = undefined;
    hasBegun = false;
    setCurrent(undefined);
    setPlaying(false);
  }

  async function begin(key: string, open: () => Promise<SoundSource>): Promise<void> {
    leave();
    setCurrent(key);
    const from = kept().get(key) ?? 0;
    setAt(from);
    setLength(undefined);
    const opened = await open();
    // Another one was begun meanwhile.
    if (current() !== key) return opened.close();
    source = opened;
    sound.src = opened.url;
    sound.currentTime = from;
    sound.playbackRate = speed();
    await sound.play().catch((error) => {
      // What a player says of an address that gives nothing, and of a format that it does not know.
      throw (error as Error).name === "NotSupportedError" && opened.isLost?.() ? new LostStreamError() : error;
    });
    hasBegun = true;
  }

  sound.addEventListener("timeupdate", () => current() !== undefined && setAt(sound.currentTime));
  sound.addEventListener("play", () => setPlaying(true));
  sound.addEventListener("pause", () => setPlaying(false));
  sound.addEventListener("durationchange", () => {
    // A recording that was written while it was made does not say how long it is.
    setLength(Number.isFinite(sound.duration) ? sound.duration : undefined);
  });
  sound.addEventListener("ended", () => {
    sound.currentTime = 0;
    setAt(0);
    setPlaying(false);
  });

  // Its bytes have stopped to come. The button begins it anew, where it was.
  sound.addEventListener("error", () => hasBegun && leave());

  return {
    async toggle(key, open) {
      if (current() !== key || !source) {
        return await begin(key, open).catch((error) => {
          // `pause` before the sound was there ends its beginning.
          if (current() !== key || (error as Error).name === "AbortError") return;
          leave();
          throw error;
        });
      }
      if (playing()) return sound.pause();
      if (length() !== undefined && at() > length()! - endS) sound.currentTime = 0;
      sound.playbackRate = speed();
      await sound.play();
    },
    seek(key, seconds) {
      if (current() !== key) return keep(key, seconds);
      sound.currentTime = seconds;
      setAt(seconds);
    },
    isPlaying: (key) => current() === key && playing(),
    position: (key) => current() === key ? at() : kept().get(key) ?? 0,
    length: (key) => current() === key ? length() : undefined,
    speed,
    nextSpeed() {
      setSpeed(speeds[(speeds.indexOf(speed()) + 1) % speeds.length]);
      sound.playbackRate = speed();
    },
    stop: () => sound.pause(),
    close: leave,
  };
}
