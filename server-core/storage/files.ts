/** File operations that several parts of storage and the operator's commands need. */

/**
 * @param path of a file or folder
 * @returns whether a file, folder or link (also a dangling one) is at the path
 * @throws the errors of `Deno.lstatSync`, except for a missing file
 */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Makes the names in a folder durable. Windows has no such call and does not need it. */
export function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  using file = Deno.openSync(path, { read: true, write: true });
  file.syncSync();
}

/** @returns the size of a file in bytes, or undefined when there is none */
export function fileBytes(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** @returns the folder of a path, "." where the path names none */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}
