import { createSignal, onCleanup } from "solid-js";

/** @returns whether a media query holds, as a signal for as long as the owning component lives */
export function createMedia(query: string): () => boolean {
  const media = matchMedia(query);
  const [matches, setMatches] = createSignal(media.matches);
  const listener = () => setMatches(media.matches);
  media.addEventListener("change", listener);
  onCleanup(() => media.removeEventListener("change", listener));
  return matches;
}

/** One pane at a time; the same width as in web/styles. */
export const compactQuery = "(max-width: 719px)";
