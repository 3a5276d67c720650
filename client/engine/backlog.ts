/** Tracks whether the backlog of a connection (the entries that waited on the server) is processed. */

export class Backlog {
  #processed = false;
  readonly #waiting = new Set<() => void>();

  /** The backlog of the connection is processed and on disk. */
  done(): void {
    this.#processed = true;
    for (const tell of this.#waiting) tell();
  }

  /**
   * Resolves once a backlog was processed.
   *
   * @param signal ends the wait: rejects with its reason
   */
  async processed(signal: AbortSignal): Promise<void> {
    if (this.#processed) return;
    await new Promise<void>((resolve, reject) => {
      const finish = () => {
        this.#waiting.delete(finish);
        signal.removeEventListener("abort", finish);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#waiting.add(finish);
      signal.addEventListener("abort", finish);
      if (signal.aborted) finish();
    });
  }
}
