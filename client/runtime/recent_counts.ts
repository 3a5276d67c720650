/** Counts what was done lately, for bounds on what this device does at the word of others. */

const hourMs = 3_600_000;

/** What was done within a span of time, by a key such as a device. In memory: a restart begins anew. */
export class RecentCounts {
  readonly #now: () => number;
  readonly #spanMs: number;
  readonly #done = new Map<string, { what: string; atMs: number }[]>();

  /** @param now the time in ms @param spanMs how long what was done counts, in ms; by default an hour */
  constructor(now: () => number, spanMs: number = hourMs) {
    this.#now = now;
    this.#spanMs = spanMs;
  }

  /** It is done now. @param what what is done, where it has a bound of its own */
  note(key: string, what = ""): void {
    this.#done.set(key, [...this.#recent(key), { what, atMs: this.#now() }]);
  }

  /** The newest one came to nothing. */
  takeBack(key: string): void {
    this.#done.set(key, this.#recent(key).slice(0, -1));
  }

  /** @returns how often it was done; without `what`: anything */
  count(key: string, what?: string): number {
    return this.#recent(key).filter((done) => what === undefined || done.what === what).length;
  }

  /** @returns from when on, in ms, less than `most` were done; in the past where that is so now */
  freeMs(key: string, most: number): number {
    const recent = this.#recent(key);
    return recent.length < most ? -Infinity : recent[recent.length - most].atMs + this.#spanMs;
  }

  #recent(key: string): { what: string; atMs: number }[] {
    const nowMs = this.#now();
    // A time in the future comes from a clock that was set back.
    return (this.#done.get(key) ?? []).filter(({ atMs }) => Math.abs(nowMs - atMs) < this.#spanMs);
  }
}
