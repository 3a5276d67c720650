/** Writes a small file as a whole: after a crash or a power cut there is the old one or the new one. */

import { dirname } from "node:path";

/**
 * The text goes into `PATH.new`, to the disk, and then under its name (rename(2) replaces a file at once).
 *
 * @param mode of a new file, e.g. 0o600
 * @throws Deno.errors when it can not be written; then the old file is as it was
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  const bytes = new TextEncoder().encode(text);
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode });
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    // Without this the name may be on the disk before the content.
    await file.sync();
  }
  // A file that an earlier crash left keeps its mode.
  if (Deno.build.os !== "windows") await Deno.chmod(temporary, mode);
  await Deno.rename(temporary, path);
  if (Deno.build.os === "windows") return;
  // The name must be as durable as the content. Windows has no such call and does not need it.
  using folder = await Deno.open(dirname(path), { read: true });
  await folder.sync();
}
