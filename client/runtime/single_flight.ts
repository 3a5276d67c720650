/** Runs one work at a time for each key; requests during a run lead to one more run. */

export class SingleFlight {
  /** The keys whose work runs; true: another run was requested meanwhile. */
  readonly #running = new Map<string, boolean>();

  /** @returns whether the key's work runs */
  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /**
   * For owners that decide themselves about another run.
   *
   * @returns false while a run of this key is in progress: the request is noted for its {@link end}
   */
  begin(key: string): boolean {
    const begins = !this.#running.has(key);
    this.#running.set(key, !begins);
    return begins;
  }

  /** Ends the run that {@link begin} allowed. @returns whether another one was requested meanwhile */
  end(key: string): boolean {
    const requested = this.#running.get(key) === true;
    this.#running.delete(key);
    return requested;
  }

  /**
   * Runs the work now, or once more after the run in progress.
   *
   * @param work begins before this method returns, unless a run is in progress; its failure ends the run
   * @returns resolves at once while a run is in progress, else when no further run is requested
   * @throws what `work` rejects with
   */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    if (!this.begin(key)) return;
    do {
      this.#running.set(key, false);
      try {
        await work();
      } catch (error) {
        this.end(key);
        throw error;
      }
    } while (this.#running.get(key));
    this.end(key);
  }
}
