/** The spool's files, each opened once however many use it: an upload and a view may need one at the same time. */

import type { Spool, SpoolFile } from "./spool.ts";

/** Bytes of ciphertext that stay on the device beside what waits to be sent. */
const maxCachedBytes = 256 * 1024 * 1024;
/** Larger attachments are fetched again each time. */
const maxCachedFileBytes = 64 * 1024 * 1024;
/** Bytes that are fetched until room is made again: so much the spool may be over its bound. */
const trimEveryBytes = 32 * 1024 * 1024;

/** Opens files of a spool, and keeps what they take within bounds. */
export class SpoolFiles {
  readonly spool: Spool;
  readonly #open = new Map<string, { file: Promise<SpoolFile>; users: number; isDoomed: boolean }>();

  /** Until somebody knows what must stay, everything does. */
  #isKept: (name: string) => boolean = () => true;
  #cachedBytes = 0;
  #trimming: Promise<void> | undefined;

  constructor(spool: Spool) {
    this.spool = spool;
  }

  /** @returns whether what was fetched of an attachment is worth its room. @param bytes of its ciphertext */
  isCached(bytes: number): boolean {
    return bytes <= maxCachedFileBytes;
  }

  /** Opens a file, or shares it while it is open, until the work is done. @throws what the spool throws */
  async use<T>(name: string, work: (file: SpoolFile) => Promise<T>): Promise<T> {
    const open = this.#open.get(name) ?? { file: this.spool.open(name), users: 0, isDoomed: false };
    this.#open.set(name, open);
    open.users++;
    try {
      return await work(await open.file);
    } finally {
      open.users--;
      if (open.users === 0) {
        this.#open.delete(name);
        await open.file.then((file) => file.close()).catch(() => {});
        if (open.isDoomed && !this.#open.has(name)) await this.spool.remove(name).catch(() => {});
      }
    }
  }

  /** @param isKept whether a file must stay: it is being encrypted, or waits to be sent */
  keep(isKept: (name: string) => boolean): void {
    this.#isKept = isKept;
  }

  /** Keeps what was fetched of a file, and makes room from time to time. @throws what the spool throws */
  async cache(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    await this.use(name, (file) => file.write(offset, bytes));
    this.#cachedBytes += bytes.length;
    // A spool that can not be read is found out by whoever needs it.
    if (this.#cachedBytes >= trimEveryBytes) void this.trim().catch(() => {});
  }

  /** Deletes a file, once nobody uses it. */
  async remove(name: string): Promise<void> {
    const open = this.#open.get(name);
    if (open) open.isDoomed = true;
    else await this.spool.remove(name);
  }

  /** Deletes what was written longest ago, but for what is kept, until the rest is small enough. */
  trim(): Promise<void> {
    this.#trimming ??= this.#trim().finally(() => this.#trimming = undefined);
    return this.#trimming;
  }

  async #trim(): Promise<void> {
    this.#cachedBytes = 0;
    const files = (await this.spool.list()).filter(({ name }) => !this.#isKept(name));
    files.sort((a, b) => a.changedMs - b.changedMs);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      if (bytes <= maxCachedBytes) return;
      bytes -= file.bytes;
      // It may be forwarded since.
      if (!this.#isKept(file.name)) await this.remove(file.name);
    }
  }

  /** Deletes everything: another account may come. */
  async clear(): Promise<void> {
    for (const { name } of await this.spool.list()) await this.remove(name);
  }
}
