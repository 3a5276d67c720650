/**
 * Writes an export of this device's data into a file that the user chooses, part by part. Browsers without a dialog
 * for that get a download; there the parts are kept as Blobs, which a browser may keep on its disk.
 */

import type { EngineApi, ExportPart } from "../../client/api/engine_api.ts";

/** Where the parts go. */
export interface ExportFile {
  write(lines: string): Promise<void>;
  /** The file is whole. */
  close(): Promise<void>;
  /** Nothing is left of it. */
  abort(): Promise<void>;
}

/** The part of the File System API that is used (https://wicg.github.io/file-system-access/). */
interface FilePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<{
    createWritable(): Promise<ExportFile>;
    /** Not in every browser with the dialog. */
    remove?(): Promise<void>;
  }>;
}

/** @returns a name for an export of today, without anything that a file system could refuse */
export function exportName(username: string, nowMs: number): string {
  return `quicproquo-${username.replace(/[^a-z0-9._-]/g, "_")}-${new Date(nowMs).toISOString().slice(0, 10)}.jsonl`;
}

/**
 * To be called as the answer to a click: a browser asks for the file only then.
 *
 * @returns undefined when the user chose no file
 */
export async function chooseFile(name: string): Promise<ExportFile | undefined> {
  const picker = globalThis as FilePicker;
  if (!picker.showSaveFilePicker) return download(name);
  try {
    const handle = await picker.showSaveFilePicker({ suggestedName: name });
    const file = await handle.createWritable();
    return {
      write: (lines) => file.write(lines),
      close: () => file.close(),
      async abort() {
        // The dialog has made an empty file, or emptied the one that was chosen.
        await file.abort().catch(() => {});
        await handle.remove?.();
      },
    };
  } catch (error) {
    if ((error as Error).name === "AbortError") return undefined;
    // Some browsers have the dialog and refuse it, in a private window for example.
    return download(name);
  }
}

function download(name: string): ExportFile {
  let parts: Blob[] = [];
  return {
    write: (lines) => Promise.resolve(void parts.push(new Blob([lines]))),
    close() {
      const url = URL.createObjectURL(new Blob(parts, { type: "application/jsonl" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = name;
      link.click();
      // The browser reads it after this turn.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return Promise.resolve();
    },
    abort: () => Promise.resolve(void (parts = [])),
  };
}

/**
 * Writes all parts into the file, and closes it; leaves nothing of it when that fails or is cancelled.
 *
 * @param advance told of each part that is written
 * @returns whether the file is whole; false when it was cancelled
 * @throws EngineError, or what the file throws
 */
export async function writeExport(
  engine: Pick<EngineApi, "exportPart">,
  file: ExportFile,
  cancelled: AbortSignal,
  advance: (part: Pick<ExportPart, "done" | "total">) => void,
): Promise<boolean> {
  try {
    for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
      if (cancelled.aborted) break;
      const part = await engine.exportPart(next);
      await file.write(part.lines);
      advance(part);
      next = part.next;
      if (next === undefined) {
        await file.close();
        return true;
      }
    }
  } catch (error) {
    await file.abort().catch(() => {});
    throw error;
  }
  await file.abort().catch(() => {});
  return false;
}
