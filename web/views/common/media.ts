import { createSignal, onCleanup } from "solid-js";

/** @returns whether a media query matches, as a signal for the lifetime of the owning component */
export function createMedia(query: string): () => boolean {
  const media = matchMedia(query);
  const [matches, setMatches] = createSignal(media.matches);
  const listener = () => setMatches(media.matches);
  media.addEventListener("change", listener);
  onCleanup(() => media.removeEventListener("change", listener));
  return matches;
}

/** The width below which one pane is shown at a time; the same as in web/styles. */
export const compactQuery = "(max-width: 719px)";
