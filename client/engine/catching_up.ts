/** Reports the progress of a long backlog to the user. */

import type { Progress } from "../api/engine_api.ts";

/** How long a backlog is read before anything is reported, in ms. A short one would only flicker. */
const quietMs = 200;

/** Counts the entries of one backlog. */
export class CatchingUp {
  readonly #now: () => number;
  readonly #progress: (progress: Progress | undefined) => void;
  readonly #startedMs: number;
  #done = 0;
  #state: "quiet" | "told" | "over" = "quiet";

  /**
   * @param now the device's clock, ms
   * @param progress called with `undefined` at the end
   */
  constructor(now: () => number, progress: (progress: Progress | undefined) => void) {
    this.#now = now;
    this.#progress = progress;
    this.#startedMs = now();
  }

  /** `entries` more entries are processed. */
  advance(entries: number): void {
    this.#done += entries;
    if (this.#state === "over" || this.#now() - this.#startedMs < quietMs) return;
    this.#state = "told";
    this.#progress({ task: "catching-up", done: this.#done });
  }

  /** The backlog is processed, or the connection is over. */
  end(): void {
    if (this.#state === "told") this.#progress(undefined);
    this.#state = "over";
  }
}
