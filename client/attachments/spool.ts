/**
 * Where ciphertext lies on the device: what waits to be sent, and what was fetched. The web app has the origin's
 * private file system, `qpq` a folder beside its state. A file may be lost at any time: what was sealed is checked when
 * it is read.
 */

import type { Bytes } from "../../schema/bytes.ts";

/** An open file. */
export interface SpoolFile {
  /**
   * @param into at least as long: what is read may stand there, and be gone with the next read
   * @returns fewer bytes, or none, where the file ends
   */
  read(offset: number, length: number, into?: Bytes): Promise<Bytes>;
  /** A gap before the offset is filled with zeros. @throws SpoolFullError */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Resolves when what was written is on the disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface Spool {
  /** Opens a file, and makes it where there is none. One user opens a file at a time. @param name letters and digits */
  open(name: string): Promise<SpoolFile>;
  /** Gives a file that nobody has open another name, which no other file has. */
  rename(from: string, to: string): Promise<void>;
  /** Deletes a file, if there is one and nobody has it open. */
  remove(name: string): Promise<void>;
  /** @returns the files with their bytes and the time of their last change, ms since the Unix epoch */
  list(): Promise<{ name: string; bytes: number; changedMs: number }[]>;
}

/** Thrown when there is no room on the device. */
export class SpoolFullError extends Error {
  override readonly name = "SpoolFullError";
}
