/**
 * Tells of changes to files, links and mounted secrets included: their folders are watched, because a renewal
 * replaces the file.
 */

/** Writers change two files one after the other, so a change is told when this long nothing more has changed. */
const calmMs = 300;

/**
 * @param paths of files; folders that can not be watched are left out (the caller also asks from time to time)
 * @returns stops watching
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
