/**
 * A stream whose bytes are read, and held, while it waits. Deno can not set QUIC's window of 1.25 MB a stream, which
 * would fill with what nobody reads: a hundred streams that wait would hold 125 MB.
 */

/** A held piece has a buffer of so many bytes, however few are in it. */
const heldPieceBytes = 2_048;
/** What of a stream that waits is read, in pieces. A call without a body is smaller. */
const maxHeldPieces = 32;
const mostReadBytes = 64 * 1024;

/** Counts something by address, against a limit (server-common/address_usage.ts). */
export interface Places {
  /** @returns false, and counts nothing, above the limit */
  take(address: string): boolean;
  give(address: string): void;
}

/** What the waiting streams of an address may take. */
export interface HeldPlaces {
  /** pieces that are held */
  pieces: Places;
  /** streams that sent more, of which QUIC holds a window each */
  backedUp: Places;
}

/** The receiving side of a stream that was accepted and not taken up yet. */
export class HeldStream {
  /** Takes the stream up: what was held comes first. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #places: HeldPlaces;
  readonly #address: string;
  readonly #holding: Promise<void>;
  #held: Uint8Array[] = [];
  #counted = 0;
  #isBackedUp = false;
  #isTaken = false;
  #isOver = false;
  #isOverfull = false;
  #readBytes = heldPieceBytes;

  /**
   * Begins to read.
   *
   * @param readable an unlocked byte stream
   * @param places what its address may take
   */
  constructor(readable: ReadableStream<Uint8Array>, places: HeldPlaces, address: string) {
    this.#reader = readable.getReader({ mode: "byob" });
    this.#places = places;
    this.#address = address;
    this.#holding = this.#hold();
    this.#holding.catch(() => {});
    this.readable = new ReadableStream({
      pull: async (controller) => {
        const piece = await this.#next();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
      cancel: () => this.cancel(),
    }, { highWaterMark: 0 });
  }

  /** It sent more than may wait, as others of its address do: the peer was told to stop, and what it sent is gone. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Tells the peer to stop sending, at the latest when a pending read ends, and forgets what is held. */
  async cancel(): Promise<void> {
    this.#isOver = true;
    this.#forget();
    await this.#reader.cancel().catch(() => {});
  }

  async #hold(): Promise<void> {
    while (!this.#isTaken && !this.#isOver) {
      const bytes = await this.#read();
      if (!bytes || this.#isOver) return;
      this.#held.push(bytes);
      if (this.#held.length <= maxHeldPieces && this.#places.pieces.take(this.#address)) this.#counted++;
      else return await this.#backUp();
    }
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
    const { value, done } = await this.#reader.read(new Uint8Array(this.#isTaken ? this.#readBytes : heldPieceBytes));
    if (done || value.length === 0) {
      this.#isOver = true;
      return undefined;
    }
    const isFull = value.length === value.buffer.byteLength;
    this.#readBytes = isFull ? Math.min(4 * this.#readBytes, mostReadBytes) : heldPieceBytes;
    return value;
  }

  #forget(): void {
    this.#goOn();
    this.#giveBack(this.#counted);
    this.#held = [];
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
