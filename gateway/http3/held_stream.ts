/**
 * A stream whose bytes are read, and held, while it waits. Deno can not set QUIC's window of 1.25 MB a stream, which
 * would fill with what nobody reads: a hundred streams that wait would hold 125 MB.
 */

import { addressBlocks } from "../../server-common/address_block.ts";
import { firstReadBytes, type StreamSource } from "./stream_source.ts";

/** A held piece has a buffer of so many bytes, however few are in it. */
const heldPieceBytes = firstReadBytes;
/** What of a stream that waits is read, in pieces. A call without a body is smaller. */
const maxHeldPieces = 32;

/** Counts something by address, against a limit (server-common/address_usage.ts). */
export interface Places {
  /** @returns false, and counts nothing, above the limit */
  take(address: string): boolean;
  give(address: string): void;
}

/** What the waiting streams of an address may take. */
export interface HeldPlaces {
  /** streams that are read while they wait */
  streams: Pick<HeldStreamPlaces, "take">;
  /** pieces that are held */
  pieces: Places;
  /** streams that sent more, of which QUIC holds a window each */
  backedUp: Places;
}

/** Whose stream it is. */
export interface StreamOwner {
  /** an IP literal */
  address: string;
  /** whether its connection had a session when the stream came */
  hasSession: boolean;
}

/**
 * Places for waiting streams that are read: each address has some of its own, and there are some for all. Of those an
 * address takes no more than it leaves: one alone gets half of them, the next one half of the rest. With a fixed number
 * for each, one network of many pages would get too few, or a few addresses all.
 */
export class HeldStreamPlaces {
  readonly #own: Places;
  /** Taken of the shared ones, by IPv4 address or /48: the addresses of one subscriber are one here. */
  readonly #taken = new Map<string, number>();
  #left: number;

  /**
   * @param own each address's
   * @param shared how many more there are, for connections with a session
   */
  constructor(own: Places, shared: number) {
    this.#own = own;
    this.#left = shared;
  }

  /** @returns gives the place back, once; undefined when there is none */
  take({ address, hasSession }: StreamOwner): (() => void) | undefined {
    if (this.#own.take(address)) return () => this.#own.give(address);
    const { block } = addressBlocks(address).at(-1)!;
    if (!hasSession || this.#takenBy(block) >= this.#left) return undefined;
    this.#move(block, 1);
    return () => this.#move(block, -1);
  }

  #takenBy(block: string): number {
    return this.#taken.get(block) ?? 0;
  }

  #move(block: string, places: number): void {
    this.#left -= places;
    const taken = this.#takenBy(block) + places;
    if (taken > 0) this.#taken.set(block, taken);
    else this.#taken.delete(block);
  }
}

/** The receiving side of a stream that was accepted and not taken up yet. */
export class HeldStream {
  readonly #source: StreamSource;
  readonly #places: HeldPlaces;
  readonly #address: string;
  readonly #holding: Promise<void> = Promise.resolve();
  #readable: ReadableStream<Uint8Array> | undefined;
  #givePlace: (() => void) | undefined;
  #held: Uint8Array[] = [];
  #counted = 0;
  #isBackedUp = false;
  #isTaken = false;
  #isOver = false;
  #isOverfull = false;

  /**
   * Begins to read.
   *
   * @param source of which no read is pending; it belongs to this from now on
   * @param first what was read of it already
   * @param places what its address may take
   */
  constructor(source: StreamSource, first: Uint8Array, places: HeldPlaces, owner: StreamOwner) {
    this.#source = source;
    this.#places = places;
    this.#address = owner.address;
    this.#givePlace = places.streams.take(owner);
    this.#isOverfull = !this.#givePlace;
    if (this.#isOverfull) void this.cancel();
    else this.#holding = this.#hold(first);
    this.#holding.catch(() => {});
  }

  /** Takes the stream up: what was held comes first. */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= new ReadableStream({
      pull: async (controller) => {
        const piece = await this.#next();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
      cancel: () => this.cancel(),
    }, { highWaterMark: 0 });
    return this.#readable;
  }

  /** Its address has too much that waits: the peer was told to stop, and what it sent is gone. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Tells the peer to stop sending, at the latest when a pending read ends, and forgets what is held. */
  async cancel(): Promise<void> {
    this.#isOver = true;
    this.#leave();
    this.#forget();
    await this.#source.cancel();
  }

  async #hold(first: Uint8Array): Promise<void> {
    if (first.length > 0 && !this.#keep(first)) return await this.#backUp();
    while (!this.#isTaken && !this.#isOver) {
      const bytes = await this.#read();
      if (!bytes || this.#isOver) return;
      if (!this.#keep(bytes)) return await this.#backUp();
    }
  }

  /** @returns false when it is one piece too many */
  #keep(bytes: Uint8Array): boolean {
    this.#held.push(bytes);
    if (this.#held.length > maxHeldPieces || !this.#places.pieces.take(this.#address)) return false;
    this.#counted++;
    return true;
  }

  /** Reads no more. QUIC stops the peer when the window is full. */
  async #backUp(): Promise<void> {
    this.#isBackedUp = this.#places.backedUp.take(this.#address);
    if (this.#isBackedUp) return;
    this.#isOverfull = true;
    await this.cancel();
  }

  async #next(): Promise<Uint8Array | undefined> {
    this.#isTaken = true;
    this.#leave();
    this.#goOn();
    // The read that is under way goes before any other.
    if (this.#held.length === 0) await this.#holding;
    if (this.#isOverfull) throw new Error("more was sent than may wait");
    const held = this.#held.shift();
    if (!held) return this.#isOver ? undefined : await this.#read();
    if (this.#counted > 0) this.#giveBack(1);
    return held;
  }

  /** Small reads first: the pending read of a quiet stream holds its buffer. */
  async #read(): Promise<Uint8Array | undefined> {
    const bytes = await this.#source.some(this.#isTaken ? undefined : heldPieceBytes);
    if (!bytes) this.#isOver = true;
    return bytes;
  }

  #forget(): void {
    this.#goOn();
    this.#giveBack(this.#counted);
    this.#held = [];
  }

  #leave(): void {
    this.#givePlace?.();
    this.#givePlace = undefined;
  }

  #goOn(): void {
    if (this.#isBackedUp) this.#places.backedUp.give(this.#address);
    this.#isBackedUp = false;
  }

  #giveBack(pieces: number): void {
    this.#counted -= pieces;
    for (; pieces > 0; pieces--) this.#places.pieces.give(this.#address);
  }
}
