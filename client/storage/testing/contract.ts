/** The contract of `Storage`: tests that each implementation runs. */

import assert from "node:assert/strict";
import { GuardError, type Storage } from "../storage.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

/**
 * The contract of {@link Storage} as tests.
 *
 * @param engine its name
 * @param open gives an empty one
 */
export function storageContract(engine: string, open: () => Promise<Storage>): void {
  const contract = (behaviour: string, run: (storage: Storage) => Promise<void>) =>
    Deno.test(`${engine} ${behaviour}`, async () => {
      const storage = await open();
      await run(storage);
      await storage.close();
    });

  contract("get() gives undefined for no record, and the exact bytes of a record, empty ones too", async (storage) => {
    assert.equal(await storage.get("meta", "a"), undefined);
    await storage.write({
      puts: [{ store: "meta", key: "a", value: bytes(1, 2) }, { store: "meta", key: "empty", value: bytes() }],
    });
    assert.deepEqual(await storage.get("meta", "a"), bytes(1, 2));
    assert.deepEqual(await storage.get("meta", "empty"), bytes());
    assert.equal(await storage.get("groups", "a"), undefined);
  });

  contract("write() keeps a copy: neither the caller's later changes nor the reader's reach it", async (storage) => {
    const value = new Uint8Array(100).subarray(10, 12);
    await storage.write({ puts: [{ store: "meta", key: "a", value }] });
    value.fill(9);
    (await storage.get("meta", "a"))!.fill(8);
    const kept = (await storage.get("meta", "a"))!;
    assert.deepEqual([...kept], [0, 0]);
  });

  contract("range() gives a prefix's records in key order, between bounds, reversed and limited", async (storage) => {
    const keys = ["a/3", "a/1", "b/1", "a/2", "a", "a0"];
    await storage.write({ puts: keys.map((key, index) => ({ store: "messages", key, value: bytes(index) })) });
    const read = async (...args: Parameters<Storage["range"]>) => (await storage.range(...args)).map(({ key }) => key);
    assert.deepEqual(await read("messages", "a/"), ["a/1", "a/2", "a/3"]);
    assert.deepEqual(await read("messages", ""), ["a", "a/1", "a/2", "a/3", "a0", "b/1"]);
    assert.deepEqual(await read("messages", "a/", { after: "a/1" }), ["a/2", "a/3"]);
    assert.deepEqual(await read("messages", "a/", { after: "a" }), ["a/1", "a/2", "a/3"]);
    assert.deepEqual(await read("messages", "a/", { after: "b" }), []);
    assert.deepEqual(await read("messages", "a/", { before: "a/3" }), ["a/1", "a/2"]);
    assert.deepEqual(await read("messages", "a/", { before: "a" }), []);
    assert.deepEqual(await read("messages", "a/", { reverse: true, limit: 2 }), ["a/3", "a/2"]);
    assert.deepEqual(await read("messages", "a/", { before: "a/3", reverse: true, limit: 1 }), ["a/2"]);
    for (const limit of [3, 4, undefined]) {
      assert.deepEqual(await read("messages", "a/", { reverse: true, limit }), ["a/3", "a/2", "a/1"]);
      assert.deepEqual(await read("messages", "a/", { after: "a/1", reverse: true, limit }), ["a/3", "a/2"]);
    }
    assert.deepEqual(await read("messages", "c", { reverse: true, limit: 2 }), []);
    assert.deepEqual((await storage.range("messages", "a/", { reverse: true, limit: 2 }))[1].value, bytes(3));
    assert.deepEqual(await read("messages", "a/", { limit: 2 }), ["a/1", "a/2"]);
    assert.deepEqual(await read("messages", "a/", { limit: 0 }), []);
    assert.deepEqual((await storage.range("messages", "b"))[0].value, bytes(2));
  });

  contract("write() writes nothing at all when one guard does not hold", async (storage) => {
    await storage.write({ puts: [{ store: "meta", key: "fence", value: bytes(1) }] });
    const change = {
      puts: [{ store: "groups" as const, key: "g", value: bytes(7) }],
      deletes: [{ store: "meta" as const, key: "fence" }],
    };
    const broken = [
      { store: "meta" as const, key: "fence", value: bytes(2) },
      { store: "meta" as const, key: "fence", value: bytes(1, 0) },
      { store: "meta" as const, key: "fence", value: undefined },
      { store: "meta" as const, key: "nothing", value: bytes() },
    ];
    for (const guard of broken) {
      await assert.rejects(
        storage.write({ ...change, guards: [{ store: "meta", key: "fence", value: bytes(1) }, guard] }),
        GuardError,
      );
      assert.equal(await storage.get("groups", "g"), undefined);
      assert.deepEqual(await storage.get("meta", "fence"), bytes(1));
    }
    await storage.write({
      ...change,
      guards: [{ store: "meta", key: "fence", value: bytes(1) }, { store: "meta", key: "nothing", value: undefined }],
    });
    assert.deepEqual(await storage.get("groups", "g"), bytes(7));
    assert.equal(await storage.get("meta", "fence"), undefined);
  });

  contract("write() lets exactly one of two writers through that guard the same record", async (storage) => {
    await storage.write({ puts: [{ store: "meta", key: "fence", value: bytes(1) }] });
    const attempt = (value: number) =>
      storage.write({
        puts: [{ store: "meta", key: "fence", value: bytes(value) }],
        guards: [{ store: "meta", key: "fence", value: bytes(1) }],
      });
    const ends = await Promise.allSettled([attempt(2), attempt(3)]);
    assert.deepEqual(ends.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  contract(
    "write() puts what must not be there once, and nothing of a batch that would do so again",
    async (storage) => {
      const batch = (value: number) => ({
        puts: [{ store: "groups" as const, key: "g", value: bytes(value) }, {
          store: "meta" as const,
          key: "once",
          value: bytes(value),
        }],
        guards: [{ store: "meta" as const, key: "once", value: undefined }],
      });
      await storage.write(batch(1));
      await assert.rejects(storage.write(batch(2)), GuardError);
      await assert.rejects(storage.write({ ...batch(3), deletes: [{ store: "meta", key: "once" }] }), GuardError);
      assert.deepEqual([await storage.get("groups", "g"), await storage.get("meta", "once")], [bytes(1), bytes(1)]);
    },
  );

  contract("write() puts last where a batch both deletes and puts a key", async (storage) => {
    await storage.write({ puts: [{ store: "meta", key: "a", value: bytes(1) }] });
    await storage.write({
      puts: [{ store: "meta", key: "a", value: bytes(2) }],
      deletes: [{ store: "meta", key: "a" }],
    });
    assert.deepEqual(await storage.get("meta", "a"), bytes(2));
  });

  contract("clear() deletes the records of every store", async (storage) => {
    await storage.write({
      puts: [{ store: "meta", key: "a", value: bytes(1) }, { store: "outbox", key: "b", value: bytes(2) }],
    });
    await storage.clear();
    assert.deepEqual([...await storage.range("meta", ""), ...await storage.range("outbox", "")], []);
  });
}
