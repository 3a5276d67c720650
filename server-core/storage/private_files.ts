/** Files that no other user of the machine may read: made so, and made so again where an older version did not. */

import { StorageFormatError } from "./errors.ts";
import { exists, folderOf } from "./files.ts";

/** Permission bits of the group and of all others. */
const others = 0o077;

/**
 * Takes the permissions of group and others from a file, if there is one. Windows has no such bits.
 *
 * @param chmod tests replace it, because a test that runs as root may change every file
 * @throws StorageFormatError where they stay, unless the folder keeps everybody else out
 */
export function makePrivate(path: string, chmod: typeof Deno.chmodSync = Deno.chmodSync): void {
  if (Deno.build.os === "windows" || !exists(path) || (modeOf(path) & others) === 0) return;
  try {
    chmod(path, modeOf(path) & 0o700);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable)) throw error;
  }
  // Some file systems have no permissions: what chmod said there has no effect.
  if ((modeOf(path) & others) === 0 || (modeOf(folderOf(path)) & others) === 0) return;
  throw new StorageFormatError(
    `${path} is open to other users (mode ${modeOf(path).toString(8)}); it was left as it is. Give it to the \
server's user alone: chown it and chmod 600, or chmod 700 its folder`,
  );
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}
