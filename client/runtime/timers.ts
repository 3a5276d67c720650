/** Named timers: at most one is pending for each name, and `close` cancels all. */

import type { Clock } from "./clock.ts";

export class Timers {
  readonly #clock: Pick<Clock, "after">;
  readonly #pending = new Map<string, () => void>();
  #closed = false;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** How many timers are pending. */
  get size(): number {
    return this.#pending.size;
  }

  /** @returns whether a timer of this name is pending */
  has(name: string): boolean {
    return this.#pending.has(name);
  }

  /** @returns how many pending timers have a name that begins with `prefix` */
  count(prefix: string): number {
    return [...this.#pending.keys()].filter((name) => name.startsWith(prefix)).length;
  }

  /**
   * Starts a timer, in the place of a pending one of the same name. Does nothing after {@link close}.
   *
   * @param delayMs ms from now
   * @param run is called once; the name is free again by then
   */
  start(name: string, delayMs: number, run: () => void): void {
    if (this.#closed) return;
    this.cancel(name);
    const cancel = this.#clock.after(delayMs, () => {
      this.#pending.delete(name);
      run();
    });
    this.#pending.set(name, cancel);
  }

  /** Cancels the pending timer of this name, if there is one. */
  cancel(name: string): void {
    this.#pending.get(name)?.();
    this.#pending.delete(name);
  }

  /** Cancels all timers; none starts any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
}
