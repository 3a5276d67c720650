/**
 * The ciphertext of attachments in the browser: a folder of the origin's private file system. Files are opened with
 * access handles, which exist in dedicated Workers alone; a handle locks its file, also against other tabs.
 */

import { type Spool, type SpoolFile, SpoolFullError } from "../../client/attachments/spool.ts";

const folderName = "qpq-files";
/** How often, and after which pause in ms, a file is tried that the engine of another tab is about to close. */
const lockedTries = 20;
const lockedPauseMs = 100;

/** The part of FileSystemSyncAccessHandle that is used here. */
interface AccessHandle {
  read(buffer: Uint8Array, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** The part of FileSystemDirectoryHandle that is used here. */
interface Folder {
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options: { create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
  values(): AsyncIterable<FileHandle>;
}

interface FileHandle {
  readonly kind: string;
  readonly name: string;
  getFile(): Promise<{ size: number; lastModified: number }>;
  createSyncAccessHandle(): Promise<AccessHandle>;
  /** Not in all browsers: the File System standard does not have it. */
  move?(name: string): Promise<void>;
}

/** Bytes that are copied at once. */
const copiedBytes = 1024 * 1024;

/** Keeps files in the origin's private file system. */
export class OpfsSpool implements Spool {
  readonly #folder: Folder;

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** @returns undefined where the browser has no such file system, or none here (private windows) */
  static async open(storage = navigator.storage as unknown as { getDirectory?(): Promise<unknown> }): Promise<
    OpfsSpool | undefined
  > {
    try {
      const root = await storage.getDirectory?.() as Folder | undefined;
      return root && new OpfsSpool(await root.getDirectoryHandle(folderName, { create: true }));
    } catch {
      return undefined;
    }
  }

  async open(name: string): Promise<SpoolFile> {
    const handle = await this.#folder.getFileHandle(name, { create: true });
    for (let tries = 1;; tries++) {
      try {
        return fileOf(await handle.createSyncAccessHandle());
      } catch (error) {
        if ((error as Error)?.name !== "NoModificationAllowedError" || tries === lockedTries) throw error;
        await new Promise((resolve) => setTimeout(resolve, lockedPauseMs));
      }
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const handle = await this.#folder.getFileHandle(from, { create: false });
    const isMoved = await handle.move?.(to).then(() => true, () => false);
    if (!isMoved) await this.#copy(from, to);
  }

  async #copy(from: string, to: string): Promise<void> {
    const [source, target] = [await this.open(from), await this.open(to)];
    try {
      for (let at = 0, bytes = await source.read(0, copiedBytes); bytes.length > 0;) {
        await target.write(at, bytes);
        at += bytes.length;
        bytes = await source.read(at, copiedBytes);
      }
      await target.flush();
    } finally {
      await source.close();
      await target.close();
    }
    await this.remove(from);
  }

  async remove(name: string): Promise<void> {
    await this.#folder.removeEntry(name).catch((error) => {
      if (error?.name !== "NotFoundError") throw error;
    });
  }

  async list(): Promise<{ name: string; bytes: number; changedMs: number }[]> {
    const found: { name: string; bytes: number; changedMs: number }[] = [];
    for await (const handle of this.#folder.values()) {
      if (handle.kind !== "file") continue;
      const { size, lastModified } = await handle.getFile();
      found.push({ name: handle.name, bytes: size, changedMs: lastModified });
    }
    return found;
  }
}

function fileOf(handle: AccessHandle): SpoolFile {
  return {
    read(offset, length, into) {
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      return Promise.resolve(bytes.subarray(0, handle.read(bytes, { at: offset })));
    },
    write: (offset, bytes) => asFull(() => writeAll(handle, offset, bytes)),
    flush: () => asFull(() => handle.flush()),
    close: () => Promise.resolve(handle.close()),
  };
}

function writeAll(handle: AccessHandle, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const written = handle.write(bytes.subarray(done), { at: offset + done });
    if (written === 0) throw new SpoolFullError("the browser takes no more bytes");
    done += written;
  }
}

function asFull(work: () => void): Promise<void> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    const isFull = (error as Error)?.name === "QuotaExceededError";
    return Promise.reject(isFull ? new SpoolFullError("the browser's quota is full") : error);
  }
}
