import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { random, seedDevices, sha256 } from "../../testing/seed.ts";
import { Database } from "./database.ts";
import { StorageError, StorageFormatError } from "../errors.ts";
import { openSqliteStore } from "./sqlite_store.ts";

async function withDir(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-store-" });
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("openSqliteStore() answers waiting calls after one shared commit, and passes errors across threads", () =>
  withDir(async (dataDir) => {
    const [ann, bob] = seedDevices(dataDir, 2);
    const store = await openSqliteStore({ dataDir, now: () => 42 });
    const reader = new Database(`${dataDir}/qpq.db`, { readonly: true });
    const channelId = random(32);
    await store.delivery.createChannel({ creator: ann.recipientKey, channelId });
    assert.deepEqual(
      reader.get<{ created_ms: number }>("SELECT created_ms FROM channels WHERE channel_id = ?", channelId),
      { created_ms: 42 },
    );
    const refused = await store.delivery.createChannel({ creator: bob.recipientKey, channelId }).catch((error) =>
      error
    );
    assert.ok(isWireError(refused, ErrorCode.forbidden));
    // WAL frames distinguish transactions: a commit writes its pages once, however many operations it
    // contains.
    const walBytes = () => Deno.statSync(`${dataDir}/qpq.db-wal`).size;
    const before = walBytes();
    await Promise.all(
      Array.from(
        { length: 200 },
        () => store.delivery.createChannel({ creator: ann.recipientKey, channelId: random(32) }),
      ),
    );
    const together = walBytes() - before;
    for (let index = 0; index < 20; index++) {
      await store.delivery.createChannel({ creator: ann.recipientKey, channelId: random(32) });
    }
    assert.ok(together < walBytes() - before - together, "200 together write less than 20 one after another");
    reader.close();
    const last = store.delivery.publish({
      sender: ann.recipientKey,
      channelId,
      epoch: 0,
      messageId: random(16),
      envelope: random(4),
      bodyHash: sha256(random(4)),
    });
    const closed = store.close();
    assert.ok(
      isWireError(await last.catch((error) => error), ErrorCode.epochConflict),
      "asked before the close, so answered",
    );
    await closed;
    await assert.rejects(store.delivery.purge(), StorageError);
    await store.close();
  }));

Deno.test("openSqliteStore() never blocks the event loop while it writes", () =>
  withDir(async (dataDir) => {
    const [ann] = seedDevices(dataDir, 1);
    const store = await openSqliteStore({ dataDir });
    let done = false;
    let turns = 0;
    const writing = Promise.all(Array.from({ length: 500 }, () =>
      store.delivery.createChannel({ creator: ann.recipientKey, channelId: random(32) }))).finally(() =>
        done = true
      );
    await new Promise((resolve) =>
      setTimeout(resolve, 0)
    );
    while (!done) {
      turns++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writing;
    assert.ok(turns > 3, `${turns} turns of the event loop`);
    await store.close();
  }));

Deno.test("openSqliteStore() throws StorageFormatError for another format and for a wrong key", () =>
  withDir(async (dataDir) => {
    await Deno.writeTextFile(`${dataDir}/deliveries.bin`, "old");
    await assert.rejects(openSqliteStore({ dataDir }), StorageFormatError);
    await Deno.remove(`${dataDir}/deliveries.bin`);
    await (await openSqliteStore({ dataDir, key: "right" })).close();
    await assert.rejects(openSqliteStore({ dataDir, key: "wrong" }), StorageFormatError);
  }));
