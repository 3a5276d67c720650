/** Turns of the event loop for the pieces of one stream, and how long the stream has waited for them. */

import type { LoopTurns } from "../server-common/loop_turns.ts";

/** The loops in which addresses take turns. */
export interface CoreTurns {
  /** Streams of direct clients that are taken up: apart, so that none waits unseen behind pieces of its address. */
  accepts: LoopTurns;
  /** Pieces of direct clients. */
  clients: LoopTurns;
  /** Pieces of the browsers behind gateways. */
  gateways: LoopTurns;
}

/** One stream's turns. What it has waited for them is the server's time, and not its sender's (decision 045). */
export class StreamTurns {
  #waitedMs = 0;
  #sinceMs: number | undefined;
  #free: number;

  /** @param free how many pieces wait for no turn */
  constructor(free = 0) {
    this.#free = free;
  }

  /** How long its pieces have waited, ms. */
  get waitedMs(): number {
    return this.#waitedMs + (this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs);
  }

  /** Waits for the turn of a piece. @param address an IP literal: whose piece it is */
  async next(turns: LoopTurns, address: string): Promise<void> {
    if (this.#free-- > 0) return;
    this.#sinceMs = performance.now();
    await turns.next(address);
    this.#waitedMs = this.waitedMs;
    this.#sinceMs = undefined;
  }
}
