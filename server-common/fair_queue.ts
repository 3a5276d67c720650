/** A queue in which the addresses take turns, so that who waits long waits behind the own address's work. */

import { addressBlocks } from "./address_block.ts";

/** Takes one item of each /48 or IPv4 address in turn, and inside of a /48 one of each /64. */
export class FairQueue<T> {
  readonly #most: number;
  /** By /48 or IPv4 address, then by /64: what comes first is next. (A Map keeps the order of its keys.) */
  readonly #ring = new Map<string, Map<string, T[]>>();
  #length = 0;

  /** @param most how many items may wait (default: all) */
  constructor(most = Infinity) {
    this.#most = most;
  }

  get length(): number {
    return this.#length;
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
    const inside = this.#ring.get(wide) ?? new Map<string, T[]>();
    this.#ring.set(wide, inside);
    const items = inside.get(narrow) ?? [];
    inside.set(narrow, items);
    items.push(item);
    this.#length++;
    return this.#length > this.#most ? this.#dropOne() : undefined;
  }

  /** @returns the next item, or undefined when nothing waits */
  shift(): T | undefined {
    const [first] = this.#ring;
    if (!first) return undefined;
    const [wide, inside] = first;
    const [[narrow, items]] = inside;
    const item = items.shift()!;
    this.#length--;
    // Who has more comes behind all others.
    inside.delete(narrow);
    if (items.length > 0) inside.set(narrow, items);
    this.#ring.delete(wide);
    if (inside.size > 0) this.#ring.set(wide, inside);
    return item;
  }

  /** @returns all items, which are taken out */
  drain(): T[] {
    const all = [...this.#ring.values()].flatMap((inside) => [...inside.values()].flat());
    this.#ring.clear();
    this.#length = 0;
    return all;
  }

  #dropOne(): T {
    const countOf = (inside: Map<string, T[]>) => [...inside.values()].reduce((sum, { length }) => sum + length, 0);
    const [wide, inside] = largest(this.#ring, countOf);
    const [narrow, items] = largest(inside, ({ length }) => length);
    const item = items.pop()!;
    this.#length--;
    if (items.length === 0) inside.delete(narrow);
    if (inside.size === 0) this.#ring.delete(wide);
    return item;
  }
}

/** @returns the entry of the largest value; of equals the one that stands last */
function largest<V>(map: Map<string, V>, sizeOf: (value: V) => number): [string, V] {
  return [...map].reduce((best, entry) => sizeOf(entry[1]) >= sizeOf(best[1]) ? entry : best);
}
