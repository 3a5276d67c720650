/**
 * Reports changes of files, also of links and mounted secrets. It watches their folders, because a renewal
 * replaces a file.
 */

/**
 * A change is reported after this long without another change, because a renewal writes two files one after
 * the other.
 */
const calmMs = 300;

/**
 * @param paths of files; a folder that can not be watched is left out, so the caller must also check from
 *   time to time
 * @returns a function that ends the watch
 */
export function watchFiles(paths: readonly string[], onChange: () => void): () => void {
  const folders = [...new Set(paths.map((path) => path.replace(/[^/\\]*$/, "") || "."))];
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(folders, { recursive: false });
  } catch {
    return () => {};
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  (async () => {
    for await (const { kind } of watcher) {
      if (kind === "access") continue;
      clearTimeout(timer);
      timer = setTimeout(onChange, calmMs);
    }
  })().catch(() => {});
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
