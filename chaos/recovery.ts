/** Measures how long a person is cut off after a fault has ended, for each direction. */

import type { LedgerListener, Name } from "./ledger.ts";

/**
 * "out": until the next own message is told to be sent. "in": until the next message of somebody else is there, from
 * the moment when one of the others was told "sent" again. Their own recovery is no fault of the receiver's.
 */
export type Way = "in" | "out";

/** Which ways are measured: `recv` never sends, and what `send` hears it does not show. */
const waysOf: Record<Name, Way[]> = { alice: ["out", "in"], bob: ["out", "in"], carol: ["in"], dave: ["out"] };

/** A cut-off that the next fault has ended counts with its length until then when it is longer than this, in ms. */
const slowMs = 5_000;

export interface Sample {
  who: Name;
  way: Way;
  /** Since what cut the person off could be reached again ("in": and somebody could send). */
  ms: number;
  /** Since the fault began, however long it went on. */
  sinceFaultMs: number;
  /** The fault before it. */
  after: string;
  /** It was not over when the next fault came. */
  unfinished?: true;
}

interface State {
  /** Faults that go on. */
  faults: number;
  after: string;
  begunMs: number;
  healedMs: number;
  /** The first message of others that was told to be sent since. */
  offeredMs?: number;
  waits: Set<Way>;
}

export class Recovery implements Pick<LedgerListener, "sent" | "heard"> {
  readonly samples: Sample[] = [];
  /** The next fault came before the person was back, and soon: the time is not known. */
  readonly cutShort: Sample[] = [];
  readonly #now: () => number;
  readonly #slow: (sample: Sample) => void;
  readonly #states = new Map<Name, State>();

  /** @param slow told of each sample above 5 s */
  constructor(now: () => number = () => performance.now(), slow: (sample: Sample) => void = () => {}) {
    this.#now = now;
    this.#slow = slow;
  }

  /** @param who is cut off by it */
  begin(who: readonly Name[], fault: string): void {
    for (const name of who) {
      const state = this.#state(name);
      if (state.faults === 0) {
        for (const way of [...state.waits]) this.#take(name, way, true);
        state.begunMs = this.#now();
      }
      state.faults++;
      state.after = fault;
    }
  }

  /** The server is ready again, the network passes packets, the process is started. */
  end(who: readonly Name[]): void {
    for (const name of who) {
      const state = this.#state(name);
      if (--state.faults > 0) continue;
      state.healedMs = this.#now();
      state.offeredMs = undefined;
      state.waits = new Set(waysOf[name]);
    }
  }

  sent(from: Name): void {
    for (const [name, state] of this.#states) if (name !== from) state.offeredMs ??= this.#now();
    this.#take(from, "out");
  }

  heard(by: Name): void {
    this.#take(by, "in");
  }

  /** Who is still cut off, in which way. */
  waiting(): string[] {
    return [...this.#states].flatMap(([name, { waits }]) => [...waits].map((way) => `${name} ${way}`));
  }

  #take(name: Name, way: Way, unfinished = false): void {
    const state = this.#state(name);
    if (state.faults > 0 || !state.waits.delete(way)) return;
    const nowMs = this.#now();
    // What is there before its sender is told was sent now.
    const ms = way === "in" ? Math.max(0, nowMs - (state.offeredMs ?? nowMs)) : nowMs - state.healedMs;
    const sinceFaultMs = nowMs - state.begunMs;
    const sample: Sample = { who: name, way, ms, sinceFaultMs, after: state.after, ...(unfinished && { unfinished }) };
    if (unfinished && ms < slowMs) return void this.cutShort.push(sample);
    this.samples.push(sample);
    if (ms >= slowMs) this.#slow(sample);
  }

  #state(name: Name): State {
    let state = this.#states.get(name);
    if (!state) this.#states.set(name, state = { faults: 0, after: "", begunMs: 0, healedMs: 0, waits: new Set() });
    return state;
  }
}
