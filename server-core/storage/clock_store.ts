/** The store of the trusted time (trusted_clock.ts): what it has to know after a restart. */

/** What is stored of the trusted time. */
export interface StoredClock {
  /** The newest trusted time, ms since the Unix epoch. */
  newestMs: number;
  /** ms that the machine's clock went ahead and that are not confirmed yet. */
  stepMs: number;
  /** ms for which the clock has run evenly since. */
  steadyMs: number;
  /** How often an operator has accepted the machine's clock. */
  accepted: number;
}

/** One row, which the server writes every minute or so and an operator's command may replace. */
export interface ClockStore {
  /** @returns what is stored, or undefined before the first start */
  read(): Promise<StoredClock | undefined>;
  /**
   * Stores the time, unless an operator has accepted the machine's clock since: another number stands in `accepted`.
   *
   * @returns what is stored now, and whether there is any account
   */
  keep(clock: StoredClock): Promise<{ stored: StoredClock; hasAccounts: boolean }>;
}
