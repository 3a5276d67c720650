/** A spool in memory, where a browser has no private file system: for small files, and as long as the engine runs. */

import { type Bytes, concat } from "../../schema/bytes.ts";
import { type Spool, type SpoolFile, SpoolFullError } from "./spool.ts";

/** Bytes of all its files. */
const maxMemoryBytes = 32 * 1024 * 1024;

/** Keeps files in memory. */
export class MemorySpool implements Spool {
  readonly #files = new Map<string, { bytes: Bytes; changedMs: number }>();
  readonly #maxBytes: number;

  /** @param maxBytes of all files together */
  constructor(maxBytes: number = maxMemoryBytes) {
    this.#maxBytes = maxBytes;
  }

  open(name: string): Promise<SpoolFile> {
    const file = this.#files.get(name) ?? { bytes: new Uint8Array(), changedMs: Date.now() };
    this.#files.set(name, file);
    return Promise.resolve({
      read: (offset, length) => Promise.resolve(file.bytes.slice(offset, offset + length)),
      write: (offset, bytes) => {
        const end = offset + bytes.length;
        const more = Math.max(0, end - file.bytes.length);
        if (this.#usedBytes + more > this.#maxBytes) return Promise.reject(new SpoolFullError("no room in memory"));
        if (more > 0) file.bytes = concat(file.bytes, new Uint8Array(more));
        file.bytes.set(bytes, offset);
        file.changedMs = Date.now();
        return Promise.resolve();
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    });
  }

  rename(from: string, to: string): Promise<void> {
    const file = this.#files.get(from);
    this.#files.delete(from);
    if (file) this.#files.set(to, file);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#files.delete(name);
    return Promise.resolve();
  }

  list(): Promise<{ name: string; bytes: number; changedMs: number }[]> {
    return Promise.resolve(
      [...this.#files].map(([name, { bytes, changedMs }]) => ({ name, bytes: bytes.length, changedMs })),
    );
  }

  get #usedBytes(): number {
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}
