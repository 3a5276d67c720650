/** Shares the event loop, so that what many ask for at once is not all done before the next packet is looked at. */

import { setImmediate } from "node:timers";
import { FairQueue } from "./fair_queue.ts";

/**
 * Turns of the event loop: in each of them some pieces of work are begun, and the addresses take turns. Deno gives
 * what has arrived without going back to its event loop: a hundred streams that came together were all served before
 * anything else was, and everybody else waited for the sum of them.
 */
export class LoopTurns {
  readonly #waiting = new FairQueue<() => void>();
  readonly #perTurn: number;
  /** How much was begun in this turn of the loop. */
  #begun = 0;

  /** @param perTurn how many pieces of work are begun in a turn */
  constructor(perTurn = 1) {
    this.#perTurn = perTurn;
  }

  /**
   * To be awaited before a piece of work: at once where less was begun in this turn of the loop.
   *
   * @param address an IP literal: whose work it is
   */
  async next(address: string): Promise<void> {
    if (this.#begun >= this.#perTurn || this.#waiting.length > 0) {
      return await new Promise((resolve) => this.#waiting.push(resolve, address));
    }
    if (this.#begun++ === 0) setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#begun = 0;
    for (let begin = this.#next(); begin; begin = this.#next()) begin();
    if (this.#begun > 0) setImmediate(() => this.#turn());
  }

  #next(): (() => void) | undefined {
    const begin = this.#begun < this.#perTurn ? this.#waiting.shift() : undefined;
    if (begin) this.#begun++;
    return begin;
  }
}
