import { createSignal, type JSX, onCleanup, Show } from "solid-js";

/** Shorter waits show nothing, in ms. */
const shortWaitMs = 200;
const round = 2 * Math.PI * 15;

/** How far a load is, after a while. @param props.part 0 to 1 */
export function ProgressRing(props: { label: string; part: number }): JSX.Element {
  const [long, setLong] = createSignal(false);
  const timer = setTimeout(() => setLong(true), shortWaitMs);
  onCleanup(() => clearTimeout(timer));
  return (
    <Show when={long()}>
      <span
        class="tile-ring"
        role="progressbar"
        aria-label={props.label}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow={Math.round(100 * props.part)}
      >
        <svg viewBox="0 0 40 40" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3">
          <circle cx="20" cy="20" r="15" opacity="0.35" />
          <circle
            cx="20"
            cy="20"
            r="15"
            stroke-linecap="round"
            stroke-dasharray={`${Math.max(0.05, props.part) * round} ${round}`}
            transform="rotate(-90 20 20)"
          />
        </svg>
      </span>
    </Show>
  );
}
