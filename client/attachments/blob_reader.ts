/** Reads one attachment piece by piece: from the spool, else from the server. No piece goes out unchecked. */

import { Mutex } from "async-mutex";
import type { Bytes } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import { spoolName, type StoredAttachment } from "./attachment.ts";
import { ciphertextLength, contentPieces, PieceCipher, pieceCount, pieceRange } from "./pieces.ts";
import type { SpoolFiles } from "./spool_files.ts";

/** A call that nobody reads from ends after this: it holds a place at the server. */
const idleMs = 10_000;

/** An answer of `getBlob` that is read on with the next piece. */
interface OpenCall {
  /** Where the next byte stands. */
  at: number;
  left: Bytes;
  elements: AsyncGenerator<{ bytes: Bytes }>;
  end: AbortController;
}

/** Reads the pieces of one attachment, one at a time: the next comes while one is decrypted. */
export class BlobReader {
  readonly #rpc: RpcClient;
  readonly #files: SpoolFiles;
  readonly #attachment: StoredAttachment;
  readonly #clock: Pick<Clock, "after">;
  readonly #cipher: Promise<PieceCipher>;
  readonly #turn = new Mutex();
  #call: OpenCall | undefined;
  #stopIdle = () => {};

  constructor(rpc: RpcClient, files: SpoolFiles, attachment: StoredAttachment, clock: Pick<Clock, "after">) {
    this.#rpc = rpc;
    this.#files = files;
    this.#attachment = attachment;
    this.#clock = clock;
    this.#cipher = PieceCipher.of(attachment.blob.key, attachment.blob.prefix, attachment.size);
  }

  /**
   * @param index from 0; behind the content come pieces of padding, which are empty
   * @returns the piece's bytes of the file: 1 MiB, or fewer at its end
   * @throws EngineError L039 where the piece is not what the sender has sealed, or there is no such piece; WireError
   *   E031 where the server has it no longer; TransportError
   */
  async piece(index: number): Promise<Bytes> {
    const { size } = this.#attachment;
    if (!Number.isSafeInteger(index) || index < 0 || index >= pieceCount(size)) throw damaged("no such piece");
    const range = pieceRange(size, index);
    const found = await this.#turn.runExclusive(() => this.#find(index, range));
    if (found.known) return found.known;
    const opened = await (await this.#cipher).open(index, found.fetched);
    if (!opened) throw damaged("the attachment is not what its sender has sealed");
    if (this.#files.isCached(ciphertextLength(size))) {
      await this.#files.cache(spoolName(this.#attachment.blob, size), range.offset, found.fetched).catch(() => {});
    }
    return opened;
  }

  /** Whether a piece is being read: it is decrypted after that. */
  get busy(): boolean {
    return this.#turn.isLocked();
  }

  /** Ends a call that is open. */
  close(): void {
    this.#stopIdle();
    this.#call?.end.abort();
    this.#call = undefined;
  }

  /** @returns the piece where the device has it, else its ciphertext of the server */
  async #find(
    index: number,
    range: { offset: number; length: number },
  ): Promise<{ known: Bytes } | { known?: undefined; fetched: Bytes }> {
    const { size, blob } = this.#attachment;
    // What was never written opens as little as what was changed. Own files are there, however large.
    const kept = await this.#files.use(spoolName(blob, size), (file) => file.read(range.offset, range.length))
      .catch(() => undefined);
    const known = kept?.length === range.length ? await (await this.#cipher).open(index, kept) : undefined;
    return known ? { known } : { fetched: await this.#fetch(range) };
  }

  async #fetch({ offset, length }: { offset: number; length: number }): Promise<Bytes> {
    this.#stopIdle();
    const goesOn = this.#call?.at === offset;
    if (!goesOn) this.close();
    try {
      return await this.#take(offset, length);
    } catch (error) {
      this.close();
      // A call that rested may have been ended on its way.
      if (!goesOn || error instanceof WireError) throw error;
      return await this.#take(offset, length);
    } finally {
      this.#stopIdle = this.#clock.after(idleMs, () => this.close());
    }
  }

  async #take(offset: number, length: number): Promise<Bytes> {
    const call = this.#call ??= this.#begun(offset);
    const all = new Uint8Array(length);
    for (let have = 0; have < length;) {
      if (call.left.length === 0) {
        const { done, value } = await call.elements.next();
        if (done) throw badAnswer("the server gives fewer bytes of a blob than it took");
        call.left = value.bytes;
      }
      const part = call.left.subarray(0, length - have);
      all.set(part, have);
      call.left = call.left.subarray(part.length);
      have += part.length;
    }
    call.at = offset + length;
    const { size } = this.#attachment;
    if (call.at >= ciphertextLength(size)) this.close();
    else if (call.at >= pieceRange(size, contentPieces(size)).offset) void this.#readOn(call);
    return all;
  }

  /** Behind the content comes padding. Who stopped there would tell the server where it begins. */
  async #readOn(call: OpenCall): Promise<void> {
    this.#call = undefined;
    try {
      for (let next = await call.elements.next(); !next.done;) next = await call.elements.next();
    } catch {
      // Nobody waits for it.
    }
  }

  #begun(offset: number): OpenCall {
    const end = new AbortController();
    const params = { sha256: this.#attachment.blob.sha256, offset };
    const elements = this.#rpc.stream(delivery.getBlob, params, { signal: end.signal });
    return { at: offset, left: new Uint8Array(), elements, end };
  }
}

function badAnswer(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badAnswer, detail });
}

function damaged(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badFile, detail });
}
