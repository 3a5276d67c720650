import assert from "node:assert/strict";
import { SpoolFullError } from "../../client/attachments/spool.ts";
import { OpfsSpool } from "./opfs_spool.ts";

/** What a browser's file system does: the real one needs a Worker of a browser (e2e). */
function fakeStorage(maxBytes = 1e6, moves = false) {
  const files = new Map<string, Uint8Array>();
  const locked = new Set<string>();
  const named = (name: string) => Object.assign(new Error(name), { name });
  const handleOf = (name: string) => ({
    kind: "file",
    name,
    ...(moves && {
      move: (to: string) => {
        files.set(to, files.get(name)!);
        files.delete(name);
        return Promise.resolve();
      },
    }),
    getFile: () => Promise.resolve({ size: files.get(name)!.length, lastModified: 7 }),
    createSyncAccessHandle() {
      if (locked.has(name)) return Promise.reject(named("NoModificationAllowedError"));
      locked.add(name);
      return Promise.resolve({
        read: (buffer: Uint8Array, { at }: { at: number }) => {
          const part = files.get(name)!.subarray(at, at + buffer.length);
          buffer.set(part);
          return part.length;
        },
        write: (buffer: Uint8Array, { at }: { at: number }) => {
          if (at + buffer.length > maxBytes) throw named("QuotaExceededError");
          const before = files.get(name)!;
          const grown = new Uint8Array(Math.max(before.length, at + buffer.length));
          grown.set(before);
          grown.set(buffer, at);
          files.set(name, grown);
          return buffer.length;
        },
        flush() {},
        close: () => void locked.delete(name),
      });
    },
  });
  const folder = {
    getDirectoryHandle: () => Promise.resolve(folder),
    getFileHandle(name: string) {
      if (!files.has(name)) files.set(name, new Uint8Array());
      return Promise.resolve(handleOf(name));
    },
    removeEntry: (name: string) => files.delete(name) ? Promise.resolve() : Promise.reject(named("NotFoundError")),
    async *values() {
      for (const name of files.keys()) yield await Promise.resolve(handleOf(name));
    },
  };
  return { getDirectory: () => Promise.resolve(folder) };
}

Deno.test("CONVERSATIONS: OpfsSpool writes, reads, lists and removes files, and waits for a locked one", async () => {
  const spool = (await OpfsSpool.open(fakeStorage()))!;
  const file = await spool.open("ab12");
  await file.write(3, Uint8Array.of(1, 2, 3));
  assert.deepEqual([...await file.read(2, 10)], [0, 1, 2, 3]);
  const second = spool.open("ab12");
  await file.flush();
  await file.close();
  assert.equal((await (await second).read(6, 5)).length, 0);
  await (await second).close();
  assert.deepEqual(await spool.list(), [{ name: "ab12", bytes: 6, changedMs: 7 }]);
  await spool.remove("ab12");
  await spool.remove("ab12");
  assert.deepEqual(await spool.list(), []);
});

Deno.test("CONVERSATIONS: OpfsSpool renames a file, also in a browser that can not move it", async () => {
  for (const moves of [true, false]) {
    const spool = (await OpfsSpool.open(fakeStorage(4e6, moves)))!;
    const bytes = new Uint8Array(2_500_000).map((_, index) => index % 251);
    const file = await spool.open("draft");
    await file.write(0, bytes);
    await file.close();
    await spool.rename("draft", "ab12");
    assert.deepEqual((await spool.list()).map(({ name }) => name), ["ab12"]);
    const renamed = await spool.open("ab12");
    assert.ok((await renamed.read(0, 3_000_000)).every((byte, index) => byte === bytes[index]));
    await renamed.close();
  }
});

Deno.test("CONVERSATIONS: OpfsSpool says when the quota is full, and is not there without a file system", async () => {
  const spool = (await OpfsSpool.open(fakeStorage(4)))!;
  await assert.rejects((await spool.open("ab")).write(2, new Uint8Array(3)), SpoolFullError);
  assert.equal(await OpfsSpool.open({}), undefined);
  assert.equal(await OpfsSpool.open({ getDirectory: () => Promise.reject(new Error("SecurityError")) }), undefined);
});
