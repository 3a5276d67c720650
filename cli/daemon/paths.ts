/** The files that the daemon may use for programs: those of one folder. */

import { relative, resolve } from "node:path";
import { type CallerFiles, ownFiles } from "../caller_files.ts";
import { Failure } from "../failure.ts";
import { exitCodes } from "../usage.ts";

/** @param folder the one that the daemon may use; undefined for none @returns its files; relative paths begin there */
export function filesWithin(folder: string | undefined): CallerFiles {
  return {
    open: async (path, naming) => await ownFiles.open(pathWithin(folder, path), naming),
    isFolder: async (path) => await ownFiles.isFolder(pathWithin(folder, path)),
    create: async (path, naming) => await ownFiles.create(pathWithin(folder, path), naming),
  };
}

/**
 * Deno's permission is what keeps the daemon out of other folders: this says why.
 *
 * @returns the absolute path
 * @throws Failure for one elsewhere
 */
function pathWithin(folder: string | undefined, path: string): string {
  const hint = "start it with qpq daemon --files FOLDER";
  if (folder === undefined) throw new Failure(exitCodes.failed, "the daemon uses no files", hint);
  const whole = resolve(folder, path);
  if (/^\.\.([/\\]|$)/.test(relative(folder, whole))) {
    throw new Failure(exitCodes.failed, `${whole} is not in ${folder}, the folder of the daemon's files`, hint);
  }
  return whole;
}
