import assert from "node:assert/strict";
import { spoolName } from "./attachment.ts";
import { MemorySpool } from "./memory_spool.ts";
import { sealFile } from "./sealed_file.ts";
import { type Spool, type SpoolFile, SpoolFullError } from "./spool.ts";
import { SpoolFiles } from "./spool_files.ts";

const megabyte = 1024 * 1024;

/** A spool of which only the sizes are there. */
function sizedSpool(sizes: Record<string, number>) {
  const files = new Map(Object.entries(sizes));
  const spool: Spool = {
    open: (name) => {
      const write = (offset: number, bytes: Uint8Array) => {
        files.set(name, Math.max(files.get(name) ?? 0, offset + bytes.length));
        return Promise.resolve();
      };
      return Promise.resolve({ write, close: () => Promise.resolve() } as SpoolFile);
    },
    rename: () => Promise.resolve(),
    remove: (name) => Promise.resolve(void files.delete(name)),
    list: () => Promise.resolve([...files].map(([name, bytes], index) => ({ name, bytes, changedMs: index }))),
  };
  return { spool, names: () => [...files.keys()].join() };
}

Deno.test("CONVERSATIONS: SpoolFiles keeps the newest files within its bound, and what waits to be sent", async () => {
  const { spool, names } = sizedSpool({ a: 100 * megabyte, kept: 600 * megabyte, b: 200 * megabyte, c: 50 * megabyte });
  const files = new SpoolFiles(spool);
  await files.trim();
  assert.equal(names(), "a,kept,b,c", "before it is told what must stay");
  files.keep((name) => name === "kept");
  await files.trim();
  assert.equal(names(), "kept,b,c");
  assert.deepEqual([files.isCached(64 * megabyte), files.isCached(64 * megabyte + 1)], [true, false]);
  await files.clear();
  assert.equal(names(), "");
});

Deno.test("CONVERSATIONS: SpoolFiles makes room while files are fetched, not at the next start", async () => {
  const { spool } = sizedSpool({ sent: 600 * megabyte });
  const files = new SpoolFiles(spool);
  files.keep((name) => name === "sent");
  const piece = new Uint8Array(megabyte);
  for (let file = 0; file < 12; file++) {
    for (let index = 0; index < 50; index++) await files.cache(`file${file}`, index * megabyte, piece);
    await new Promise((resolve) => setTimeout(resolve));
    const sizes = await spool.list();
    const cached = sizes.reduce((sum, { name, bytes }) => name === "sent" ? sum : sum + bytes, 0);
    assert.ok(cached <= (256 + 32 + 50) * megabyte, `${cached} bytes after ${file + 1} files`);
  }
  const names = (await spool.list()).map(({ name }) => name);
  assert.deepEqual([names.includes("sent"), names.includes("file0"), names.includes("file11")], [true, false, true]);
});

Deno.test("CONVERSATIONS: sealFile tells each name of its file in the spool before the file has it", async () => {
  const spool = new MemorySpool();
  const held = new Set<string>();
  const checks: Promise<void>[] = [];
  const isHeld = async () => assert.ok((await spool.list()).every(({ name }) => held.has(name)));
  const progress = () => void checks.push(isHeld());
  const source = new Blob([new Uint8Array(2_500_000)]);
  const blob = await sealFile(source, spool, progress, new AbortController().signal, (name) => held.add(name));
  await Promise.all(checks);
  assert.equal(checks.length, 3);
  assert.deepEqual((await spool.list()).map(({ name }) => name), [spoolName(blob, source.size)]);
  assert.ok(held.has(spoolName(blob, source.size)));
});

Deno.test("CONVERSATIONS: SpoolFiles opens a file once for all its users, and removes it after the last", async () => {
  const memory = new MemorySpool();
  let opened = 0;
  const counting: Spool = {
    open: (name) => (opened++, memory.open(name)),
    rename: (from, to) => memory.rename(from, to),
    remove: (name) => memory.remove(name),
    list: () => memory.list(),
  };
  const files = new SpoolFiles(counting);
  const gate = Promise.withResolvers<void>();
  const first = files.use("a", async (file) => {
    await gate.promise;
    await file.write(0, Uint8Array.of(7));
    return (await file.read(0, 9)).length;
  });
  const second = files.use("a", (file) => file.read(0, 9));
  await files.remove("a");
  assert.equal((await memory.list()).length, 1);
  gate.resolve();
  assert.deepEqual([await first, (await second).length, opened], [1, 0, 1]);
  assert.deepEqual(await memory.list(), []);
});

Deno.test("CONVERSATIONS: MemorySpool has an end", async () => {
  const spool = new MemorySpool(10);
  const [one, two] = [await spool.open("a"), await spool.open("b")];
  await one.write(2, new Uint8Array(6));
  await assert.rejects(two.write(0, new Uint8Array(3)), SpoolFullError);
  await two.write(0, new Uint8Array(2));
  await spool.remove("a");
  await two.write(2, new Uint8Array(8));
  assert.deepEqual((await spool.list()).map(({ name, bytes }) => [name, bytes]), [["b", 10]]);
});
