/**
 * The contents of the app's files, in memory with their hashes. A client that reads slowly holds no open file, and an
 * ETag is that of the bytes that are sent: a file that is being copied can not pin itself to a browser under the hash
 * of its finished state, or of the page before.
 */

import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";

/** What is sent of a file. */
export interface FileContent {
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 in hex: that of the build's manifest, where the file is not a compressed copy */
  sha256: string;
}

/** Several times the app with its compressed copies. What is used least makes room. */
const cachedBytes = 64 * 1024 * 1024;
/** A piece that waits for a slow client. */
const pieceBytes = 64 * 1024;

/** Files as they were when they were last changed. */
export class FileContents {
  readonly #cache = new LRUCache<string, FileContent>({
    maxSize: cachedBytes,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
  });
  readonly #reading = new Map<string, Promise<FileContent>>();

  /**
   * @param info of the file, fresh: it tells whether the file has changed
   * @param isSettled whether the last change is longer ago than the precision of the times in `info`
   * @throws Deno.errors when it can not be read
   */
  async read(path: string, { mtime, ctime, size, ino }: Deno.FileInfo, isSettled: boolean): Promise<FileContent> {
    if (!isSettled) return contentOf(await Deno.readFile(path));
    const key = `${path} ${mtime?.getTime()} ${ctime?.getTime()} ${size} ${ino}`;
    const known = this.#cache.get(key);
    if (known) return known;
    const reading = this.#reading.get(key) ?? this.#load(path, key);
    this.#reading.set(key, reading);
    return await reading;
  }

  async #load(path: string, key: string): Promise<FileContent> {
    try {
      const content = contentOf(await Deno.readFile(path));
      this.#cache.set(key, content);
      return content;
    } finally {
      this.#reading.delete(key);
    }
  }
}

function contentOf(bytes: Uint8Array<ArrayBuffer>): FileContent {
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** @returns the bytes in pieces, none of which is taken before the one before was sent */
export function inPieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.subarray(sent, sent += pieceBytes));
      if (sent >= bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}
