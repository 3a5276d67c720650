/** A part of the interface that is loaded where it is shown, so that the sign-in screen does not wait for it. */

import { createEffect, createSignal } from "solid-js";

/**
 * @param load imports the part; where that fails, nothing is shown
 * @param wanted whether it is needed now
 * @returns the part once it is there
 */
export function createPart<Part>(
  load: () => Promise<Part>,
  wanted: () => boolean = () => true,
): () => Part | undefined {
  const [part, setPart] = createSignal<Part>();
  createEffect(() => {
    if (wanted() && !part()) void load().then((loaded) => setPart(() => loaded), () => {});
  });
  return part;
}
