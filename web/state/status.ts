/** A few words that say that something was done, and go by themselves. */

import { createSignal, onCleanup } from "solid-js";

/** How long the words stay, in ms. */
const shownForMs = 3_000;

export interface Status {
  /** Another object each time, so that the same words are announced again. */
  shown(): { words: string } | undefined;
  say(words: string): void;
}

/** @param forMs how long the words stay, in ms */
export function createStatus(forMs = shownForMs): Status {
  const [shown, setShown] = createSignal<{ words: string }>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  return {
    shown,
    say(words) {
      clearTimeout(timer);
      setShown({ words });
      timer = setTimeout(() => setShown(undefined), forMs);
    },
  };
}
