/** Counts calls by key within a span of time, exactly and in bounded memory. */

export interface CallWindowOptions {
  /** Calls of a key within the span. */
  most: number;
  /** The span, ms. */
  spanMs: number;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  /** Keys remembered at once (default 100,000): the longest unused are forgotten. */
  maxKeys?: number;
  /** Bounds how many keys of one group are remembered: a group over it waits, and nothing is forgotten for it. */
  group?: { of(key: string): string; maxKeys: number };
}

/**
 * Allows each key a number of calls within any span of a given length. Unlike `TokenBuckets`, nothing refills in
 * between, so that twice the number never fits into one span.
 */
export class CallWindow {
  readonly #most: number;
  readonly #spanMs: number;
  readonly #clock: () => number;
  readonly #maxKeys: number;
  readonly #group: CallWindowOptions["group"];
  /** Remembered keys by group. */
  readonly #inGroup = new Map<string, number>();
  /** The times of the calls, oldest first. In the order of last use. */
  readonly #times = new Map<string, number[]>();

  constructor({ most, spanMs, clock, maxKeys = 100_000, group }: CallWindowOptions) {
    this.#group = group;
    this.#most = most;
    this.#spanMs = spanMs;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  /**
   * Counts one call of each key, unless one of them has none left.
   *
   * @returns 0 if it was counted. Else the ms until all of them have one, or a guess where their group has too many
   *   keys; then nothing is counted
   */
  take(keys: string[]): number {
    const nowMs = this.#clock();
    this.#forget(nowMs);
    if (this.#isGroupFull(keys)) return this.#spanMs / 24;
    const all = keys.map((key) => ({ key, times: this.#recent(key, nowMs) }));
    const full = all.filter(({ times }) => times.length >= this.#most);
    if (full.length > 0) return Math.max(...full.map(({ times }) => times[0] + this.#spanMs - nowMs));
    for (const { key, times } of all) {
      this.#delete(key);
      this.#set(key, [...times, nowMs]);
    }
    this.#forget(nowMs);
    return 0;
  }

  /** Takes back the last call of each key: it has come to nothing. */
  giveBack(keys: string[]): void {
    for (const key of keys) {
      const times = this.#times.get(key);
      times?.pop();
      if (times?.length === 0) this.#delete(key);
    }
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#times.size;
  }

  /** Times in the future come from a clock that was set back: they would hold for longer than the span. */
  #recent(key: string, nowMs: number): number[] {
    return (this.#times.get(key) ?? []).filter((ms) => ms <= nowMs && ms > nowMs - this.#spanMs);
  }

  #forget(nowMs: number): void {
    for (const [key, times] of this.#times) {
      if (this.#times.size <= this.#maxKeys && times.at(-1)! > nowMs - this.#spanMs) return;
      this.#delete(key);
    }
  }

  #isGroupFull(keys: string[]): boolean {
    if (!this.#group) return false;
    const added = new Map<string, number>();
    for (const key of keys) {
      if (this.#times.has(key)) continue;
      const group = this.#group.of(key);
      added.set(group, (added.get(group) ?? 0) + 1);
    }
    const { maxKeys } = this.#group;
    return [...added].some(([group, count]) => (this.#inGroup.get(group) ?? 0) + count > maxKeys);
  }

  #set(key: string, times: number[]): void {
    this.#times.set(key, times);
    this.#countInGroup(key, 1);
  }

  #delete(key: string): void {
    if (this.#times.delete(key)) this.#countInGroup(key, -1);
  }

  #countInGroup(key: string, change: number): void {
    if (!this.#group) return;
    const group = this.#group.of(key);
    const count = (this.#inGroup.get(group) ?? 0) + change;
    if (count === 0) this.#inGroup.delete(group);
    else this.#inGroup.set(group, count);
  }
}
