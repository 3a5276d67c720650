/** What a paste or a drop brings. Pure. */

/** The part of DataTransfer that is used here. */
export interface Given {
  readonly types: readonly string[];
  readonly files: ArrayLike<File>;
  readonly items: ArrayLike<{ kind: string; webkitGetAsEntry?(): { isDirectory: boolean } | null }>;
}

/** @returns whether files are dragged, before they can be looked at */
export function bringsFiles({ types }: Pick<Given, "types">): boolean {
  return types.includes("Files");
}

/**
 * @returns the files of a paste; none where it has text as well: word processors give a picture of what was copied, and
 *   the text is what is wanted
 */
export function pastedFiles({ types, files }: Given): File[] {
  return types.includes("text/plain") ? [] : Array.from(files);
}

/** @returns the files of a drop, and whether there were folders, which come as files without content */
export function droppedFiles({ files, items }: Given): { files: File[]; folders: boolean } {
  const ofFiles = Array.from(items).filter(({ kind }) => kind === "file");
  const isFolder = ofFiles.map((item) => item.webkitGetAsEntry?.()?.isDirectory === true);
  return { files: Array.from(files).filter((_, index) => !isFolder[index]), folders: isFolder.includes(true) };
}
