/** Stores the bytes of blobs: one file each beside the database, named by its SHA-256. */

import { createHash } from "node:crypto";
import { Mutex } from "async-mutex";
import { type Bytes, equalBytes, fromHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { blobPath } from "../storage/blob_path.ts";

const pieceBytes = 64 * 1024;
/** The slowest upload, bytes per ms, after a beginning. A slower one would hold its place for ever. */
const slowestRate = 16;
const beginningMs = 30_000;
/** Advice to a caller while the disk is full. */
const fullRetryMs = 60_000;

/** Blobs on disk. A file is written under a temporary name, checked, and renamed. */
export class BlobFiles {
  readonly #dir: string;
  /** Storing and purging never run at once: a purge could remove a file that was just stored. */
  readonly #placing = new Mutex();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes the directories and removes the leftovers of uploads that a crash cut off. */
  static async open(dir: string): Promise<BlobFiles> {
    await Deno.mkdir(`${dir}/incoming`, { recursive: true, mode: 0o700 });
    for await (const { name } of Deno.readDir(`${dir}/incoming`)) await Deno.remove(`${dir}/incoming/${name}`);
    return new BlobFiles(dir);
  }

  /**
   * Writes a blob durably (file, then name, then record).
   *
   * @param pieces exactly `length` bytes with this hash
   * @param record stores the record
   * @param isGone whether a hash has no record
   * @throws WireError E014 when length or hash is wrong, E032 when the disk is full; then no file stays
   */
  async put<T>(
    sha256: Bytes,
    length: number,
    pieces: AsyncIterable<Bytes>,
    record: () => Promise<T>,
    isGone: (sha256: Bytes) => Promise<boolean>,
  ): Promise<T> {
    const incoming = `${this.#dir}/incoming/${crypto.randomUUID()}`;
    return await this.#placed(incoming, sha256, () => writeChecked(incoming, sha256, length, pieces), record, isGone);
  }

  /**
   * As {@link put}, for a file that is whole already. It is gone from its path afterwards, whatever came of it.
   *
   * @param path on the same disk
   * @throws WireError E014 when the hash is wrong, E032 when the disk is full
   */
  async adopt<T>(
    path: string,
    sha256: Bytes,
    record: () => Promise<T>,
    isGone: (sha256: Bytes) => Promise<boolean>,
  ): Promise<T> {
    return await this.#placed(path, sha256, () => requireHash(path, sha256), record, isGone);
  }

  /** @param check makes sure that the file has its bytes, and that they are on the disk */
  async #placed<T>(
    incoming: string,
    sha256: Bytes,
    check: () => Promise<void>,
    record: () => Promise<T>,
    isGone: (sha256: Bytes) => Promise<boolean>,
  ): Promise<T> {
    try {
      await check();
      return await this.#placing.runExclusive(async () => {
        const path = this.#pathOf(sha256);
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
        await Deno.rename(incoming, path);
        await syncDirectory(path.slice(0, path.lastIndexOf("/")));
        try {
          return await record();
        } catch (error) {
          // Another account's record may need the file by now. If nobody can say, `sweep` removes it later.
          if (await isGone(sha256).catch(() => false)) await Deno.remove(path).catch(ignoreMissing);
          throw error;
        }
      });
    } catch (error) {
      throw fullDisk(error);
    } finally {
      await Deno.remove(incoming).catch(() => {});
    }
  }

  /**
   * @param offset where to start, at most the length
   * @throws WireError E031 when there is no such file
   */
  async *read(sha256: Bytes, offset: number): AsyncGenerator<Bytes> {
    using file = await this.#openFile(sha256);
    await file.seek(offset, Deno.SeekMode.Start);
    while (true) {
      const piece = new Uint8Array(pieceBytes);
      const length = await file.read(piece);
      if (length === null) return;
      yield piece.subarray(0, length);
    }
  }

  /**
   * Removes the files of purged blobs.
   *
   * @param isGone called right before each removal, because the blob may have been stored anew meanwhile
   */
  async remove(hashes: Bytes[], isGone: (sha256: Bytes) => Promise<boolean>): Promise<void> {
    for (const sha256 of hashes) {
      await this.#placing.runExclusive(async () => {
        if (await isGone(sha256)) await Deno.remove(this.#pathOf(sha256)).catch(ignoreMissing);
      });
    }
  }

  /**
   * Removes files without a record. A crash between file and record leaves such files.
   *
   * @param isGone whether a hash has no record
   */
  async sweep(isGone: (sha256: Bytes) => Promise<boolean>): Promise<void> {
    for await (const { name: folder } of Deno.readDir(this.#dir)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for await (const { name } of Deno.readDir(`${this.#dir}/${folder}`)) {
        if (/^[0-9a-f]{64}$/.test(name)) await this.remove([fromHex(name)], isGone);
      }
    }
  }

  async #openFile(sha256: Bytes): Promise<Deno.FsFile> {
    try {
      return await Deno.open(this.#pathOf(sha256), { read: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new WireError(ErrorCode.blobNotFound, "no such blob");
      throw error;
    }
  }

  #pathOf(sha256: Bytes): string {
    return blobPath(this.#dir, sha256);
  }
}

async function writeChecked(path: string, sha256: Bytes, length: number, pieces: AsyncIterable<Bytes>): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const hash = createHash("sha256");
  let written = 0;
  const lateMs = latestMs(length);
  for await (const piece of pieces) {
    written += piece.length;
    if (written > length) throw new WireError(ErrorCode.malformed, "more bytes than the call said");
    if (performance.now() > lateMs) throw new WireError(ErrorCode.malformed, "the blob was not sent in time");
    hash.update(piece);
    for (let offset = 0; offset < piece.length;) offset += await file.write(piece.subarray(offset));
  }
  if (written !== length) throw new WireError(ErrorCode.malformed, "fewer bytes than the call said");
  if (!equalBytes(new Uint8Array(hash.digest()), sha256)) {
    throw new WireError(ErrorCode.malformed, "the blob does not have its hash");
  }
  await file.sync();
}

/** @param bytes that a caller is about to send @returns when they must have come, by `performance.now()` */
export function latestMs(bytes: number): number {
  return performance.now() + beginningMs + bytes / slowestRate;
}

async function requireHash(path: string, sha256: Bytes): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const hash = createHash("sha256");
  const piece = new Uint8Array(pieceBytes);
  for (let length = await file.read(piece); length !== null; length = await file.read(piece)) {
    hash.update(piece.subarray(0, length));
  }
  if (!equalBytes(new Uint8Array(hash.digest()), sha256)) {
    throw new WireError(ErrorCode.malformed, "the blob does not have its hash");
  }
  await file.sync();
}

/** The name must be as durable as the bytes. Windows has no such call and does not need it. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/**
 * @returns E032 where no space is left on the disk, or none of the quota that the system has for this process; else the
 *   error itself
 */
export function fullDisk(error: unknown): unknown {
  const isFull = error instanceof Error && ["ENOSPC", "EDQUOT"].includes((error as { code?: string }).code ?? "");
  return isFull ? new WireError(ErrorCode.quotaExceeded, "the server's disk is full", fullRetryMs) : error;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
