/** Checks and prepares the file of a state before SQLite opens it: its type, its owner and its permissions. */

import { StateError } from "./state_error.ts";

/** The page size of SQLite, plain or encrypted, in bytes. A whole database is a multiple of it. */
const pageBytes = 4096;

const otherPath = "give another file with --state";
const suffixes = ["", "-wal", "-shm", "-journal"];

/**
 * Creates a missing file, readable by its owner alone, before SQLite could create one that others can read.
 *
 * @param passphrase of an encrypted state
 * @throws StateError for a path that can not be a state; it is left unchanged
 */
export function prepareFile(path: string, passphrase: string | undefined): void {
  if (path.trim() !== path) {
    throw new StateError(`"${path}" begins or ends with a blank, which the database does not take`, otherPath);
  }
  const info = infoOf(path);
  if (info === undefined) make(path);
  else {
    checkKind(path, info);
    checkContent(path, info.size, passphrase);
  }
}

/**
 * Tightens the permissions of a state, and of the files beside it, that others can read or write.
 *
 * @param passphrase of an encrypted state: others can not read it in any case
 * @param note called when others could read the file until now
 * @throws StateError when that can not be done, and the state is not encrypted
 */
export function makePrivate(path: string, passphrase: string | undefined, note: (text: string) => void): void {
  for (const file of suffixes.map((suffix) => path + suffix)) {
    if (!isOpenToOthers(file)) continue;
    try {
      Deno.chmodSync(file, 0o600);
    } catch {
      // The mode is read again, because only the result counts.
    }
    if (!isOpenToOthers(file)) note(`others could read ${file} until now; it is its owner's alone from now on`);
    else if (passphrase === undefined) {
      throw new StateError(
        `${file} can be read by others, and its permissions can not be changed`,
        "put the state where only you can read it (chmod 600), or encrypt it with --passphrase-file",
      );
    }
  }
}

/** Makes the folder of a state, open to its owner alone, unless it is there. @throws StateError */
export function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StateError(
      `${folder} can not be made: ${reasonOf(error)}`,
      "give a file in a folder that you can write with --state",
    );
  }
}

/** @returns undefined when there is no such file */
function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new StateError(`${path} can not be read: ${reasonOf(error)}`, "give a file of your own with --state");
  }
}

function make(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    const hint = error instanceof Deno.errors.NotFound
      ? "make the folder first, or give a file in an existing one with --state"
      : "give a file in a folder that you can write with --state";
    throw new StateError(`${path} can not be made: ${reasonOf(error)}`, hint);
  }
}

function checkKind(path: string, info: Deno.FileInfo): void {
  // In a folder that others can write, a link may be another user's and lead the keys into that user's file.
  if (info.isSymlink) throw new StateError(`${path} is a symbolic link`, "give the file that it leads to with --state");
  if (info.isDirectory) {
    throw new StateError(`${path} is a folder`, `give a file in it: --state ${path.replace(/\/$/, "")}/qpq-state.db`);
  }
  // Opening a pipe would wait for its other end.
  if (!info.isFile) throw new StateError(`${path} is no file that keeps anything`, otherPath);
}

/** Systems without such permissions report false. */
function isOpenToOthers(file: string): boolean {
  try {
    return ((Deno.lstatSync(file).mode ?? 0) & 0o077) !== 0;
  } catch {
    return false;
  }
}

function checkContent(path: string, size: number, passphrase: string | undefined): void {
  const header = headerOf(path);
  if (header.length === 0) return;
  const isPlain = new TextDecoder().decode(header) === "SQLite format 3\0";
  if (isPlain && passphrase !== undefined) {
    throw new StateError(
      `${path} is not encrypted, but a passphrase was given`,
      "leave the passphrase away, or give another file with --state",
    );
  }
  if (isPlain) return;
  // A kill during the first write leaves less than a page, and a journal to undo the write.
  if (size % pageBytes !== 0 && infoOf(`${path}-journal`) === undefined) {
    throw new StateError(`${path} is no state of qpq; it was left as it is`, otherPath);
  }
  if (passphrase === undefined) {
    throw new StateError(`${path} is encrypted`, "give its passphrase with --passphrase-file or QPQ_PASSPHRASE");
  }
}

function headerOf(path: string): Uint8Array {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    const header = new Uint8Array(16);
    return header.subarray(0, file.readSync(header) ?? 0);
  } catch (error) {
    throw new StateError(
      `${path} can not be read and written: ${reasonOf(error)}`,
      "give a file of your own with --state",
    );
  }
}

/** @returns the message of the system's error, without the path that Deno adds */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/: (open|lstat|stat|readfile|mkdir) '.*'$/, "");
}
