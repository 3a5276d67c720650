/** Loads one attachment for a view: by itself, or when it is asked for. */

import { createEffect, createSignal, on, onCleanup } from "solid-js";
import {
  byItselfBytes,
  codeProblem,
  type LoadRule,
  maxShownBytes,
  type MediaLibrary,
  type MediaProblem,
} from "./library.ts";
import { mediaWord } from "../../i18n/media_words.ts";
import type { LoadState, MediaPlace, MediaUse } from "./loader.ts";

export interface Loading {
  /** "idle": it waits to be asked for. */
  state(): LoadState | { kind: "idle" };
  url(): string | undefined;
  problem(): MediaProblem | undefined;
  /** Its message is still being made on this device. */
  waits(): boolean;
  /** It came into view. */
  near(): void;
  /** Somebody asks for it, again perhaps. */
  load(): void;
  /** The browser can not draw it. */
  broken(): void;
}

/** @returns whether an attachment loads by itself when it comes into view */
export function loadsByItself({ attachment: { kind, size } }: Pick<MediaPlace, "attachment">, rule: LoadRule): boolean {
  return rule === "auto" && (kind === "image" || kind === "voice") && size <= byItselfBytes;
}

/** @returns whether an attachment is held by the page; others are streamed or saved */
export function isHeld({ size }: { size: number }): boolean {
  return size <= maxShownBytes;
}

/** @returns how far the attachment is, for as long as the component is there */
export function createLoading(library: MediaLibrary, place: MediaPlace, senderKey: string): Loading {
  const [state, setState] = createSignal<LoadState | { kind: "idle" }>({ kind: "idle" });
  const [isNear, setNear] = createSignal(false);
  let use: MediaUse | undefined;
  const waits = () => !library.hasMessage(place.message.messageId);
  const rule = () => library.rule(senderKey);

  function load(): void {
    if (waits() || rule() === "never" || !isHeld(place.attachment)) return;
    use?.end();
    use = library.loader.use(place, setState);
  }

  createEffect(on(() => isNear() && !waits(), (now) => {
    if (now && loadsByItself(place, rule())) load();
  }));
  onCleanup(() => use?.end());
  return {
    state,
    url() {
      const now = state();
      return now.kind === "ready" ? now.url : undefined;
    },
    problem() {
      const now = state();
      if (rule() === "never") return { what: mediaWord("notLoaded") };
      if (now.kind === "unshown" || !isHeld(place.attachment)) return { what: mediaWord("unshown") };
      return now.kind === "failed" ? codeProblem(now.code) : undefined;
    },
    waits,
    near: () => void setNear(true),
    load,
    broken: () => setState({ kind: "unshown" }),
  };
}
