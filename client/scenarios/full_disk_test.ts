/** A full disk, of the server and of the device: people go on when there is room again, and nothing is lost. */

import assert from "node:assert/strict";
import { StreamLimit } from "../connection/stream_limit.ts";
import type { Transport } from "../connection/transport.ts";
import { importWrappingKey } from "../storage/sealed_store.ts";
import { type Storage, StorageError, StorageFullError } from "../storage/storage.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import { Person, suite } from "../testing/person.ts";

/** As over a network: a connection has so many streams at once. */
function limited(core: Transport, streams: number): Transport {
  return {
    connect: async (signal) => {
      const connection = await core.connect(signal);
      const limit = new StreamLimit(streams);
      return {
        transport: connection.transport,
        closed: connection.closed,
        close: () => connection.close(),
        openStream: (given) => limit.open(given, () => connection.openStream(given)),
      };
    },
  };
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

suite("a full disk of the server", {
  "PEOPLE B0: after the server's disk was full, everything is sent over the same connection": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    anna.wrapTransport = (core) => limited(core, 4);
    await anna.crash();
    await anna.connected();
    let connections = 0;
    anna.onEvent = (event) => void (event.kind === "connection" && connections++);
    let refused = 0;
    // What a core whose store can not write answers (E050).
    anna.refuses = (method) => method === "publish" && ++refused > 0;
    const sent = texts(12);
    for (const text of sent) await anna.says(chatId, text);
    await anna.until(() => refused >= 8, "eight refusals");
    anna.refuses = () => false;
    await bert.hears(chatId, anna.username, sent);
    await anna.settled(chatId);
    assert.equal(connections, 0, "it is the same connection");
  },
});

interface Disk {
  full: boolean;
  /** Reads fail as well: Chromium closes the database after a write that found the disk full. */
  unreadable: boolean;
}

/** A storage on a disk that the test fills. */
function onDisk(inner: Storage, disk: Disk): Storage {
  const refuse = () => Promise.reject(new StorageFullError("the device's storage is full"));
  return {
    get: (...asked) => disk.full && disk.unreadable ? refuse() : inner.get(...asked),
    range: (...asked) => disk.full && disk.unreadable ? refuse() : inner.range(...asked),
    write: (batch) => disk.full ? refuse() : inner.write(batch),
    clear: () => inner.clear(),
    close: () => inner.close(),
  };
}

for (const unreadable of [false, true]) {
  suite(`a full disk of the device, ${unreadable ? "which can not be read either" : "which can be read"}`, {
    "PEOPLE B0: every message says L005, the chat stays as it was, and with room everything goes on": async (
      { core, join },
    ) => {
      const bert = await join("bert");
      const disk = { full: false, unreadable };
      const wrappingKey = await importWrappingKey(crypto.getRandomValues(new Uint8Array(32)));
      const name = `full${unreadable ? 1 : 0}.anna`;
      const anna = await Person.of(core, name, { storage: onDisk(new MemoryStorage(), disk), wrappingKey });
      try {
        await anna.engine.createAccount(name, "a long pass phrase of the tests");
        await anna.connected();
        const chatId = await anna.engine.startChat([bert.username]);
        await bert.sees(chatId);
        await anna.says(chatId, "before");
        await bert.hears(chatId, name, ["before"]);
        const { members } = (await anna.chat(chatId))!;

        disk.full = true;
        const ids = ["one", "two", "three"].map((text) => ({ text, id: text.padEnd(32, "0") }));
        const hex = (id: string) => Array.from(id.slice(0, 16), (c) => c.charCodeAt(0).toString(16)).join("");
        for (const { text, id } of ids) {
          await assert.rejects(
            anna.engine.send(chatId, hex(id), text),
            (error: { problem?: { code: string } }) => error.problem?.code === "L005",
          );
        }
        await bert.says(chatId, "while it is full");
        await anna.until(() => JSON.stringify(anna.problems).includes("L005"), "the problem to be shown");
        const now = (await anna.chat(chatId))!;
        assert.deepEqual([now.active, now.members], [true, members]);
        // An entry that finds no room is not given up for a mark that does.
        await new Promise((resolve) => setTimeout(resolve, 1500));

        disk.full = false;
        for (const { text, id } of ids) await anna.engine.send(chatId, hex(id), text);
        await bert.hears(chatId, name, ["before", "one", "two", "three"]);
        await anna.hears(chatId, bert.username, ["while it is full"]);
        await anna.settled(chatId);
        assert.equal((await anna.notices(chatId)).some((notice) => notice.startsWith("unreadable")), false);
      } finally {
        await anna.close();
      }
    },
  });
}

suite("a write whose answer is lost", {
  "PEOPLE B0: a message that is on disk, though its write failed, goes out once and in its place": async (
    { core, join },
  ) => {
    const bert = await join("bert");
    const inner = new MemoryStorage();
    let losesAnswer = false;
    const storage: Storage = {
      get: (...asked) => inner.get(...asked),
      range: (...asked) => inner.range(...asked),
      write: async (batch) => {
        await inner.write(batch);
        if (!losesAnswer || !batch.puts?.some(({ store }) => store === "outbox")) return;
        losesAnswer = false;
        throw new StorageError("the database was closed in the middle");
      },
      clear: () => inner.clear(),
      close: () => inner.close(),
    };
    const wrappingKey = await importWrappingKey(crypto.getRandomValues(new Uint8Array(32)));
    const anna = await Person.of(core, "doubt.anna", { storage, wrappingKey });
    try {
      await anna.engine.createAccount(anna.username, "a long pass phrase of the tests");
      await anna.connected();
      const chatId = await anna.engine.startChat([bert.username]);
      await bert.sees(chatId);
      const fails = async (id: string, text: string) => {
        losesAnswer = true;
        await assert.rejects(anna.engine.send(chatId, id, text), /L005|storage|StorageError/i);
      };
      await fails("01".repeat(16), "first");
      // The user tries again, and the tab with the same id.
      await anna.engine.send(chatId, "01".repeat(16), "first");
      await bert.hears(chatId, anna.username, ["first"]);
      await fails("02".repeat(16), "second");
      await anna.says(chatId, "third");
      await bert.hears(chatId, anna.username, ["first", "second", "third"]);
      await anna.settled(chatId);
      assert.deepEqual(await anna.texts(chatId), ["first", "second", "third"]);
    } finally {
      await anna.close();
    }
  },
});
