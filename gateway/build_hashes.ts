/** Content hashes of the app's files, from the manifest of its build (scripts/build_manifest.mjs). */

/** The file beside the app's files: `{ files: { path: SHA-256 in hex } }`. */
const manifestName = "build-manifest.json";
/**
 * How much newer than the manifest a file may be. The build writes the manifest last, but a copy of the
 * folder may write it first. A still newer file was changed after its build.
 */
const copyMs = 60_000;

interface Manifest {
  /** Identifies the manifest's file. After a change it is read anew. */
  stamp: string;
  writtenMs: number;
  hashes: ReadonlyMap<string, string>;
}

/** The hashes of one folder. They follow the folder to its next build. */
export class BuildHashes {
  #manifest: Manifest | undefined;

  /**
   * @param root folder of the build
   * @param name path of a file in it
   * @param modifiedMs when the file was last written, ms since 1970
   * @returns SHA-256 of its content in hex; undefined for a file that the build did not make, or that is newer
   */
  async hashOf(root: string, name: string, modifiedMs: number): Promise<string | undefined> {
    const manifest = await this.#current(`${root}/${manifestName}`);
    if (!manifest || modifiedMs > manifest.writtenMs + copyMs) return undefined;
    return manifest.hashes.get(name);
  }

  async #current(path: string): Promise<Manifest | undefined> {
    try {
      const { mtime, size, ino } = await Deno.stat(path);
      const writtenMs = mtime?.getTime() ?? 0;
      const stamp = `${writtenMs} ${size} ${ino}`;
      if (this.#manifest?.stamp !== stamp) {
        this.#manifest = { stamp, writtenMs, hashes: hashesIn(await Deno.readTextFile(path)) };
      }
    } catch {
      // No manifest: a build for tests.
      this.#manifest = undefined;
    }
    return this.#manifest;
  }
}

function hashesIn(text: string): Map<string, string> {
  const { files } = JSON.parse(text) as { files?: Record<string, unknown> };
  const entries = Object.entries(files ?? {}).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string" && /^[0-9a-f]{64}$/.test(entry[1])
  );
  return new Map(entries);
}
