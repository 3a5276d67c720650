import type { JSX } from "solid-js";
import { Mark } from "./icons.tsx";

/** Stands where there is nothing yet: one bubble of each side, and the mark between them. */
export function EmptyArt(): JSX.Element {
  return (
    <div class="empty-art" aria-hidden="true">
      <span />
      <span />
      <Mark />
    </div>
  );
}
