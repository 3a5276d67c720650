/** The files of whoever runs a command: those of this process, or of the caller of a daemon. */

import type { Bytes } from "../schema/bytes.ts";
import { Failure, wrongUsage } from "./failure.ts";
import { exitCodes } from "./usage.ts";

/** A file that is read. */
export interface ReadFile {
  size: number;
  /** Reads it from the start. */
  stream(): ReadableStream<Bytes>;
}

/** A file that is made. Half of one would be taken for a whole one: what is not finished is to be dropped. */
export interface NewFile {
  /** Writes further bytes. @throws Failure */
  write(bytes: Uint8Array): Promise<void>;
  /** It is whole, and on the disk. @throws Failure */
  finish(): Promise<void>;
  /** Deletes it. */
  drop(): Promise<void>;
}

/** How a command names a file where it can not be used. */
export interface Naming {
  command: string;
  /** The option that names the file. */
  option?: string;
}

/** Reads and makes files. */
export interface CallerFiles {
  /** @throws Failure for what can not be read */
  open(path: string, naming: Naming): Promise<ReadFile>;
  isFolder(path: string): Promise<boolean>;
  /** Makes a file that only its owner can read. @throws Failure where there is one already */
  create(path: string, naming: Naming): Promise<NewFile>;
}

/** The files of this process. */
export const ownFiles: CallerFiles = {
  open: async (path, { command, option }) => {
    const unreadable = (reason: string) => wrongUsage(`${prefix(option)}${path} can not be read: ${reason}`, command);
    const { size, isFile } = await Deno.stat(path).catch((error) => {
      throw unreadable(error.message);
    });
    if (!isFile) throw unreadable("it is no file");
    // Found out before anything is done with it.
    (await Deno.open(path).catch((error) => {
      throw unreadable(error.message);
    })).close();
    return { size, stream: () => Deno.openSync(path).readable };
  },
  isFolder: async (path) => (await Deno.stat(path).catch(() => ({ isDirectory: false }))).isDirectory,
  create: async (path, { command, option }) => {
    const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 }).catch((error) => {
      throw wrongUsage(
        error instanceof Deno.errors.AlreadyExists
          ? `${prefix(option)}${path} is there already: name a new file`
          : `${prefix(option)}${path} can not be written: ${error.message}`,
        command,
      );
    });
    const full = (error: Error) =>
      new Failure(exitCodes.failed, `${path} can not be written: ${error.message}`, "free space on its disk");
    return {
      write: async (bytes) => {
        try {
          for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
        } catch (error) {
          throw full(error as Error);
        }
      },
      finish: async () => {
        await file.sync().catch((error) => {
          throw full(error);
        });
        file.close();
      },
      drop: async () => {
        file.close();
        await Deno.remove(path).catch(() => {});
      },
    };
  },
};

const prefix = (option: string | undefined) => option === undefined ? "" : `--${option}: `;
