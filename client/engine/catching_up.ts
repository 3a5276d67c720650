/** Tells the user how far the backlog of a connection is, when it is long. */

import type { Progress } from "../api/engine_api.ts";

/** How long a backlog is read before anything is told, in ms: a short one would only flicker. */
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
   * @param progress `undefined` ends what was told
   */
  constructor(now: () => number, progress: (progress: Progress | undefined) => void) {
    this.#now = now;
    this.#progress = progress;
    this.#startedMs = now();
  }

  /** So many more entries are processed. */
  advance(entries: number): void {
    this.#done += entries;
    if (this.#state === "over" || this.#now() - this.#startedMs < quietMs) return;
    this.#state = "told";
    this.#progress({ task: "catching-up", done: this.#done });
  }

  /** The backlog is through, or the connection is over. */
  end(): void {
    if (this.#state === "told") this.#progress(undefined);
    this.#state = "over";
  }
}
