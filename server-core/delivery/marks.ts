/**
 * Tells a device's profile from a copy of it (specification §4.15). Each connection brings a fresh mark, and the marks
 * before it. A profile that does not know the newest mark is a copy, or the original after a copy has gone on.
 *
 * In memory: after a start of the core the first mark of a device counts.
 */

import { equalBytes } from "../../schema/bytes.ts";

/** The marks of this many devices are remembered: those that connected last. */
const maxMarkedDevices = 100_000;

/** What a client says of itself when it subscribes. */
export interface Opening {
  /** 16 bytes: the running engine, new with each start. */
  run: Uint8Array;
  /** 16 bytes: made for this connection, and on the client's disk. */
  mark: Uint8Array;
  /** 16 bytes each: the last mark that an answer confirmed, then those of which no answer came. */
  before: Uint8Array[];
}

interface Newest {
  mark: Uint8Array;
  /** The client was to be told that there is a copy, and has not confirmed it by its next connection. */
  copied: boolean;
}

/** The newest mark of each device. */
export class Marks {
  readonly #newest = new Map<string, Newest>();
  readonly #limit: number;

  constructor(limit: number = maxMarkedDevices) {
    this.#limit = limit;
  }

  /** Takes the mark of a new connection. @returns whether another engine has gone on since the marks that it knows */
  take(device: string, { mark, before }: Opening): boolean {
    const newest = this.#newest.get(device);
    const isKnown = newest === undefined || before.some((earlier) => equalBytes(earlier, newest.mark));
    const isConfirmed = newest !== undefined && before.length > 0 && equalBytes(before[0], newest.mark);
    const copied = !isKnown || (newest?.copied === true && !isConfirmed);
    this.#put(device, { mark: Uint8Array.from(mark), copied });
    return copied;
  }

  /** The device's next connection is to be told that there is a copy. */
  oweCopied(device: string): void {
    // A mark that no profile has.
    this.#put(device, { mark: new Uint8Array(), copied: true });
  }

  #put(device: string, newest: Newest): void {
    // A map keeps the order of insertion: the first is the one that connected longest ago.
    this.#newest.delete(device);
    this.#newest.set(device, newest);
    if (this.#newest.size > this.#limit) this.#newest.delete(this.#newest.keys().next().value!);
  }
}
