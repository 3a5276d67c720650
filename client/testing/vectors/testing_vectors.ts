/** Finds the public vectors: in QPQ_VECTORS, or in ../shared/vectors beside the project. */

/**
 * @returns a loader of "mls/welcome.json" and the like, or undefined when there are no vectors here; @throws
 *   under CI=true when they are missing
 */
export function vectorLoader(): ((path: string) => Promise<unknown>) | undefined {
  const folder = Deno.env.get("QPQ_VECTORS") || new URL("../../../../shared/vectors", import.meta.url).pathname;
  const found = exists(`${folder}/README.md`);
  if (!found && Deno.env.get("CI") === "true") throw new Error(`no test vectors at ${folder}: set QPQ_VECTORS`);
  if (!found) console.warn(`skipped: no test vectors at ${folder} (set QPQ_VECTORS)`);
  return found ? async (path) => JSON.parse(await Deno.readTextFile(`${folder}/${path}`)) : undefined;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
