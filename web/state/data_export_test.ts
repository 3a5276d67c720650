import assert from "node:assert/strict";
import { chooseFile, type ExportFile, exportName, writeExport } from "./data_export.ts";

/** A file that notes what is done to it. */
function testFile(): ExportFile & { log: string[] } {
  const log: string[] = [];
  const note = (what: string) => Promise.resolve(void log.push(what));
  return { log, write: note, close: () => note("closed"), abort: () => note("aborted") };
}

/** An engine with this many parts. */
function engineWith(parts: number, failsAt = -1) {
  return {
    exportPart(from = "0") {
      const at = Number(from);
      if (at === failsAt) return Promise.reject(new Error("no disk"));
      const next = at + 1 < parts ? { next: String(at + 1) } : {};
      return Promise.resolve({ lines: `part ${at}\n`, done: at, total: parts, ...next });
    },
  };
}

Deno.test("SERVERS 14: an export writes each part once, in order, and closes the file", async () => {
  const file = testFile();
  const seen: number[] = [];
  const isWhole = await writeExport(engineWith(3), file, new AbortController().signal, ({ done }) => seen.push(done));
  assert.equal(isWhole, true);
  assert.deepEqual(file.log, ["part 0\n", "part 1\n", "part 2\n", "closed"]);
  assert.deepEqual(seen, [0, 1, 2]);
});

Deno.test("SERVERS 14: an export that is cancelled or fails leaves no file", async () => {
  const [cancelled, failed] = [testFile(), testFile()];
  const cancel = new AbortController();
  assert.equal(await writeExport(engineWith(3), cancelled, cancel.signal, () => cancel.abort()), false);
  assert.deepEqual(cancelled.log, ["part 0\n", "aborted"]);
  await assert.rejects(writeExport(engineWith(3, 1), failed, new AbortController().signal, () => {}), /no disk/);
  assert.deepEqual(failed.log, ["part 0\n", "aborted"]);
});

Deno.test("SERVERS 14: the name of an export names the account and the day", () => {
  assert.equal(exportName("anna.b", 1_800_000_000_000), "quicproquo-anna.b-2027-01-15.jsonl");
  assert.equal(exportName("../x", 1_800_000_000_000), "quicproquo-.._x-2027-01-15.jsonl");
});

Deno.test("SERVERS 14: what the dialog for files has made is removed when an export is cancelled", async () => {
  const chosen = testFile();
  const remove = () => Promise.resolve(void chosen.log.push("removed"));
  Object.assign(globalThis, {
    showSaveFilePicker: () => Promise.resolve({ createWritable: () => Promise.resolve(chosen), remove }),
  });
  try {
    const file = (await chooseFile("mine.jsonl"))!;
    const cancelled = AbortSignal.abort();
    assert.equal(await writeExport(engineWith(3), file, cancelled, () => {}), false);
    assert.deepEqual(chosen.log, ["aborted", "removed"]);
  } finally {
    Reflect.deleteProperty(globalThis, "showSaveFilePicker");
  }
});
