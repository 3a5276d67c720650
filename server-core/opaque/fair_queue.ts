/** A bounded queue in which the addresses take turns, so that who waits long waits behind the own address's work. */

import { addressBlocks } from "../../server-common/address_block.ts";

interface Waiting<T> {
  item: T;
  /** The address (IPv4) or /64, and its turn among those of `wide`. */
  narrow: string;
  narrowTurn: number;
  /** The address (IPv4) or /48, which one party may hold as a whole, and its turn. */
  wide: string;
  turn: number;
}

/**
 * Gives out turns: each key the next one after its own last, and not before the one that is served now. (Start-time
 * fair queueing, Goyal, Vin and Cheng 1996, with items of equal size.)
 */
class Turns {
  readonly #last = new Map<string, number>();
  #now = 0;

  take(key: string): number {
    const turn = Math.max(this.#now, this.#last.get(key) ?? 0) + 1;
    this.#last.set(key, turn);
    return turn;
  }

  served(turn: number): void {
    this.#now = Math.max(this.#now, turn);
    for (const [key, last] of this.#last) if (last <= this.#now) this.#last.delete(key);
  }
}

/** Takes one item of each /48 or IPv4 address in turn, and inside of a /48 one of each /64. */
export class FairQueue<T> {
  readonly #most: number;
  /** In the order in which they came. */
  readonly #waiting: Waiting<T>[] = [];
  #turns = new Turns();
  /** By /48, while something of it waits. */
  readonly #inside = new Map<string, Turns>();

  /** @param most how many items may wait */
  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Adds an item. When the queue is full, the newest item of who has most gives way, which may be this one.
   *
   * @param address an IP literal
   * @returns the item that gave way, or undefined
   */
  push(item: T, address: string): T | undefined {
    const blocks = addressBlocks(address);
    const [narrow, wide] = [blocks[0].block, blocks.at(-1)!.block];
    const inside = this.#inside.get(wide) ?? new Turns();
    this.#inside.set(wide, inside);
    const added = { item, narrow, wide, narrowTurn: inside.take(narrow), turn: this.#turns.take(wide) };
    this.#waiting.push(added);
    if (this.#waiting.length <= this.#most) return undefined;
    const greediest = mostFrequent(this.#waiting.map((waiting) => waiting.wide));
    const theirs = this.#waiting.filter((waiting) => waiting.wide === greediest);
    const block = mostFrequent(theirs.map((waiting) => waiting.narrow));
    return this.#remove(theirs.findLast((waiting) => waiting.narrow === block)!);
  }

  /** @returns the next item, or undefined when nothing waits */
  shift(): T | undefined {
    if (this.#waiting.length === 0) return undefined;
    // Of equal turns the one that came first.
    const first = this.#waiting.reduce((best, waiting) => waiting.turn < best.turn ? waiting : best);
    const theirs = this.#waiting.filter(({ wide }) => wide === first.wide);
    const next = theirs.reduce((best, waiting) => waiting.narrowTurn < best.narrowTurn ? waiting : best);
    [first.turn, next.turn] = [next.turn, first.turn];
    this.#turns.served(next.turn);
    this.#inside.get(next.wide)!.served(next.narrowTurn);
    return this.#remove(next);
  }

  /** @returns all items, which are taken out */
  drain(): T[] {
    this.#turns = new Turns();
    this.#inside.clear();
    return this.#waiting.splice(0).map(({ item }) => item);
  }

  #remove(waiting: Waiting<T>): T {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    if (!this.#waiting.some(({ wide }) => wide === waiting.wide)) this.#inside.delete(waiting.wide);
    return waiting.item;
  }
}

/** @returns the text that is there most often; of equals the one that stands last */
function mostFrequent(texts: string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return texts.findLast((text) => counts.get(text) === most)!;
}
