/**
 * Uploads that come in several calls: one file each, named by account, hash and length, so that they go on after a
 * restart. No record of the database is needed: the file's size says how much has come. A crash may leave bytes at its
 * end that nobody sent; the hash of the whole finds that out.
 */

import { Mutex } from "async-mutex";
import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { latestMs } from "./blob_files.ts";

/** Bytes of one call. */
const maxPartBytes = 8 * 1024 * 1024;
/** Unfinished uploads of an account: a device has one or two, and some that were never ended. */
const maxPartialsPerAccount = 8;
/** Unfinished uploads end this long after their last byte. */
const partialHours = 24;
/** Advice to a refused caller. */
const retryAfterMs = 1000;

/** An upload of which some bytes have come. */
class PartialBlob {
  /** The bytes before it are in the file. */
  have: number;
  touchedMs: number;
  /** Calls that are under way. */
  active = 0;
  readonly #writing = new Mutex();
  /** Counts the calls: the newest alone may write. */
  #turn = 0;

  constructor(readonly sha256: string, readonly length: number, readonly path: string, have = 0, touchedMs = 0) {
    this.have = have;
    this.touchedMs = touchedMs;
  }

  /** Writes one call's bytes. @throws WireError E005, E011, E014 */
  async append(offset: number, chunks: AsyncIterable<Bytes>): Promise<void> {
    const turn = ++this.#turn;
    const lateMs = latestMs(Math.min(maxPartBytes, this.length - offset));
    let file: Deno.FsFile | undefined;
    let at = offset;
    try {
      for await (const chunk of chunks) {
        if (at + chunk.length - offset > maxPartBytes) throw tooLarge();
        if (at + chunk.length > this.length) throw malformed("more bytes than the blob has");
        if (performance.now() > lateMs) throw malformed("the part was not sent in time");
        await this.#writing.runExclusive(async () => {
          if (turn !== this.#turn) throw new WireError(ErrorCode.rateLimited, "a newer call goes on", retryAfterMs);
          if (!file) {
            file = await Deno.open(this.path, { write: true, create: true, mode: 0o600 });
            await file.seek(offset, Deno.SeekMode.Start);
          }
          for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
          at += chunk.length;
          this.have = Math.max(this.have, at);
        });
      }
      await file?.syncData();
    } finally {
      file?.close();
    }
  }

  /** Runs work while no call can write: the file must not change once its hash was checked. */
  async sealed<T>(work: () => Promise<T>): Promise<T> {
    this.#turn++;
    return await this.#writing.runExclusive(work);
  }
}

/** The unfinished uploads of all accounts. */
export class PartialBlobs {
  readonly #dir: string;
  readonly #byAccount = new Map<string, Map<string, PartialBlob>>();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Finds what a process before has left. @param dir the folder of attachments */
  static async open(dir: string): Promise<PartialBlobs> {
    const partials = new PartialBlobs(`${dir}/partial`);
    await Deno.mkdir(partials.#dir, { recursive: true, mode: 0o700 });
    for await (const { name } of Deno.readDir(partials.#dir)) {
      const [, account, sha256, length] = /^([0-9a-f]{64})-([0-9a-f]{64})-(\d{1,15})$/.exec(name) ?? [];
      const path = `${partials.#dir}/${name}`;
      const { size, mtime } = await Deno.stat(path);
      const partial = new PartialBlob(sha256, Number(length), path, size, mtime?.getTime() ?? 0);
      if (sha256 === undefined || size > partial.length) await Deno.remove(path);
      else partials.#of(account).set(sha256, partial);
    }
    return partials;
  }

  /** @param account in hex @returns the lengths of its unfinished blobs by their hash in hex */
  lengths(account: string): Map<string, number> {
    const own = this.#byAccount.get(account)?.values() ?? [];
    return new Map([...own].map(({ sha256, length }) => [sha256, length]));
  }

  /** @returns the bytes that have come of a blob */
  have(account: string, sha256: string): number {
    return this.#byAccount.get(account)?.get(sha256)?.have ?? 0;
  }

  /**
   * Takes one call's bytes, and with the last byte lets `finish` have the file.
   *
   * @param call whose blob it is (hex), its hash (hex) and length, and where the bytes begin: behind what has come,
   *   nothing is stored
   * @param chunks the bytes
   * @param finish checks and moves the file; whatever it does, the upload is over then
   * @param nowMs the server's time
   * @returns what has come, and what `finish` gave
   * @throws WireError E005, E011, E014, and what `finish` throws
   */
  async append<T>(
    { account, sha256, length, offset }: { account: string; sha256: string; length: number; offset: number },
    chunks: AsyncIterable<Bytes>,
    finish: (path: string) => Promise<T>,
    nowMs: () => number,
  ): Promise<{ have: number; finished?: T }> {
    const iterator = chunks[Symbol.asyncIterator]();
    const first = await iterator.next();
    // A question takes no place.
    if (first.done) return { have: this.have(account, sha256) };
    const partial = await this.#begun(account, sha256, length);
    partial.active++;
    try {
      if (offset > partial.have) return { have: partial.have };
      await partial.append(offset, again(first.value, iterator));
      if (partial.have < length || this.#byAccount.get(account)?.get(sha256) !== partial) return { have: partial.have };
      return await partial.sealed(async () => {
        if (this.#byAccount.get(account)?.get(sha256) !== partial) return { have: 0 };
        try {
          return { have: length, finished: await finish(partial.path) };
        } finally {
          await this.#end(account, partial);
        }
      });
    } finally {
      partial.active--;
      partial.touchedMs = nowMs();
      // Nothing of it was stored.
      if (partial.have === 0 && partial.active === 0) await this.#end(account, partial);
    }
  }

  /** Forgets an unfinished upload. */
  async drop(account: string, sha256: string): Promise<void> {
    const partial = this.#byAccount.get(account)?.get(sha256);
    if (partial) await partial.sealed(() => this.#end(account, partial));
  }

  /** Ends the uploads that have rested for 24 hours. */
  async purge(nowMs: number): Promise<void> {
    for (const [account, partials] of [...this.#byAccount]) {
      for (const partial of [...partials.values()]) {
        const isOver = partial.active === 0 && partial.touchedMs + partialHours * 3_600_000 <= nowMs;
        if (isOver) await this.drop(account, partial.sha256);
      }
    }
  }

  async #begun(account: string, sha256: string, length: number): Promise<PartialBlob> {
    const own = this.#of(account);
    const known = own.get(sha256);
    if (known?.length === length) return known;
    if (known && known.active > 0) throw malformed("an upload with this hash has another length");
    if (known) {
      await this.drop(account, sha256);
      return await this.#begun(account, sha256, length);
    }
    const partial = new PartialBlob(sha256, length, `${this.#dir}/${account}-${sha256}-${length}`);
    const resting = [...own.values()].filter(({ active }) => active === 0).sort((a, b) => a.touchedMs - b.touchedMs);
    const surplus = own.size + 1 - maxPartialsPerAccount;
    own.set(sha256, partial);
    for (const oldest of resting.slice(0, Math.max(0, surplus))) await this.drop(account, oldest.sha256);
    return partial;
  }

  async #end(account: string, partial: PartialBlob): Promise<void> {
    const own = this.#byAccount.get(account);
    if (own?.get(partial.sha256) !== partial) return;
    own.delete(partial.sha256);
    if (own.size === 0) this.#byAccount.delete(account);
    await Deno.remove(partial.path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  #of(account: string): Map<string, PartialBlob> {
    const own = this.#byAccount.get(account) ?? new Map<string, PartialBlob>();
    this.#byAccount.set(account, own);
    return own;
  }
}

/** @returns all chunks, of which the first was taken already */
async function* again(first: Bytes, rest: AsyncIterator<Bytes>): AsyncGenerator<Bytes> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

function malformed(detail: string): WireError {
  return new WireError(ErrorCode.malformed, detail);
}

function tooLarge(): WireError {
  return new WireError(ErrorCode.payloadTooLarge, `a part: at most ${maxPartBytes} bytes`);
}
