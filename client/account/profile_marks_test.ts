import assert from "node:assert/strict";
import { importWrappingKey, SealedStore } from "../storage/sealed_store.ts";
import { FencedError, type Storage, StorageFullError } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import { ProfileMarks } from "./profile_marks.ts";

/** A mark is known to the server as its newest, if it was taken. */
const isCopy = (before: Uint8Array[], newest: Uint8Array) => !before.some((mark) => String(mark) === String(newest));

async function profile(storage: Storage) {
  const store = new SealedStore(storage, await importWrappingKey(new Uint8Array(32).fill(7)));
  await store.takeFence();
  return new ProfileMarks(store);
}

/** A storage without room while `disk.full`. */
function filling(inner: Storage, disk: { full: boolean }): Storage {
  return {
    get: (...asked) => inner.get(...asked),
    range: (...asked) => inner.range(...asked),
    write: (batch) => disk.full ? Promise.reject(new StorageFullError("full")) : inner.write(batch),
    clear: () => inner.clear(),
    close: () => inner.close(),
  };
}

Deno.test("PEOPLE B3: a profile without an answer 100 times forgets no mark that the server may know", async () => {
  for (const taken of [0, 1, 7, 50, 99]) {
    const storage = new MemoryStorage();
    let marks = await profile(storage);
    await marks.confirm(await marks.next());
    let newest: Uint8Array | undefined;
    for (let attempt = 0; attempt < 100; attempt++) {
      const opening = await marks.next();
      assert.ok(opening.before.length <= 16, "a server takes 16");
      if (attempt === taken) newest = opening.mark;
      // Also where the page is loaded anew meanwhile.
      if (attempt % 9 === 0) marks = await profile(storage);
    }
    const opening = await marks.next();
    assert.equal(isCopy(opening.before, newest!), false, `attempt ${taken}`);
    await marks.confirm(opening);
    assert.deepEqual((await marks.next()).before, [opening.mark]);
  }
});

Deno.test("PEOPLE B3: without room on the device a connection goes on, and its mark is known later", async () => {
  const disk = { full: false };
  const marks = await profile(filling(new MemoryStorage(), disk));
  await marks.confirm(await marks.next());
  const opening = await marks.next();
  disk.full = true;
  await marks.confirm(opening);
  let newest = opening.mark;
  for (let again = 0; again < 3; again++) {
    const { mark, before } = await marks.next();
    assert.equal(isCopy(before, newest), false);
    newest = mark;
    await marks.confirm({ ...opening, mark });
  }
});

Deno.test("PEOPLE B3: a profile that another engine has opened takes no mark, and confirms none", async () => {
  const storage = new MemoryStorage();
  const former = await profile(storage);
  const opening = await former.next();
  await profile(storage);
  await assert.rejects(former.next(), FencedError);
  await assert.rejects(former.confirm(opening), FencedError);
});

Deno.test("PEOPLE B3: a profile that another engine has opened takes no mark, written or not", async () => {
  const storage = new MemoryStorage();
  const disk = { full: false };
  const [unanswered, full] = [await profile(storage), await profile(filling(storage, disk))];
  await full.confirm(await full.next());
  disk.full = true;
  const later = await profile(storage);
  await assert.rejects(full.next(), FencedError);
  for (let attempt = 0; attempt < 20; attempt++) await later.next();
  await profile(storage);
  await assert.rejects(later.next(), FencedError);
  await assert.rejects(unanswered.next(), FencedError);
});
