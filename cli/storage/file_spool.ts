/** The ciphertext of attachments beside the state: a folder `STATE-files`, made when it is needed. */

import type { Bytes } from "../../schema/bytes.ts";
import { type Spool, type SpoolFile, SpoolFullError } from "../../client/attachments/spool.ts";

/** @param statePath of the state @returns the folder of its files */
export function spoolFolder(statePath: string): string {
  return `${statePath}-files`;
}

/** Keeps files in one folder that only this user can read. */
export class FileSpool implements Spool {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(name: string): Promise<SpoolFile> {
    return await asFull(async () => {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const options = { read: true, write: true, create: true, mode: 0o600 };
      return fileOf(await Deno.open(this.#pathOf(name), options));
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await Deno.rename(this.#pathOf(from), this.#pathOf(to));
  }

  async remove(name: string): Promise<void> {
    await Deno.remove(this.#pathOf(name)).catch(unlessMissing);
  }

  async list(): Promise<{ name: string; bytes: number; changedMs: number }[]> {
    const found: { name: string; bytes: number; changedMs: number }[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(this.#folder)) {
        if (!isFile || !/^[0-9a-z]+$/.test(name)) continue;
        const { size, mtime } = await Deno.stat(this.#pathOf(name));
        found.push({ name, bytes: size, changedMs: mtime?.getTime() ?? 0 });
      }
    } catch (error) {
      unlessMissing(error);
    }
    return found;
  }

  #pathOf(name: string): string {
    return `${this.#folder}/${name}`;
  }
}

/** Seeking and reading are one step each: two users of a file must not move each other's place. */
function fileOf(file: Deno.FsFile): SpoolFile {
  return {
    read: (offset, length, into = new Uint8Array(length)) =>
      asFull(() => Promise.resolve(readAt(file, offset, into.subarray(0, length)))),
    write: (offset, bytes) => asFull(() => Promise.resolve(writeAt(file, offset, bytes))),
    flush: () => asFull(() => file.sync()),
    close: () => Promise.resolve(file.close()),
  };
}

function readAt(file: Deno.FsFile, offset: number, bytes: Bytes): Bytes {
  file.seekSync(offset, Deno.SeekMode.Start);
  let have = 0;
  for (let read = 1; have < bytes.length && read > 0; have += read) read = file.readSync(bytes.subarray(have)) ?? 0;
  return bytes.subarray(0, have);
}

function writeAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** EFBIG: the file size limit of the process. */
async function asFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (["ENOSPC", "EDQUOT", "EFBIG"].includes(code ?? "")) throw new SpoolFullError(message);
    throw error;
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
