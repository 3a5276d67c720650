/** A server that is restored while a device waits for its connection (docs/decisions/023). */

import assert from "node:assert/strict";
import { StorageError } from "../storage/storage.ts";
import { joinAll } from "../testing/join_all.ts";
import { suite } from "../testing/person.ts";

suite("what is sent on a new connection", {
  "nothing is published before the server has said whether it was restored": async ({ core, join }) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    let mayConnect: Promise<void> = Promise.resolve();
    bert.wrapTransport = (transport) => ({
      connect: async (signal) => {
        await mayConnect;
        return await transport.connect(signal);
      },
    });
    await bert.close();
    await bert.start();
    await bert.connected();
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    const copy = await core.backup();
    await Promise.all([anna, bert].map((person) => person.connected()));
    carl.online = false;
    carl.disconnect();
    await anna.engine.renameChat(chatId, "Lost by the core");
    await bert.sees(chatId, ({ title }) => title === "Lost by the core");
    anna.online = false;
    anna.disconnect();
    const { promise, resolve: connect } = Promise.withResolvers<void>();
    mayConnect = promise;
    bert.disconnect();
    // The next connection is being made when bert writes.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await bert.says(chatId, "in the lost epoch");
    await core.restore(copy);
    carl.online = true;
    await carl.connected();
    await carl.engine.addPeople(chatId, [dora.username]);
    await dora.sees(chatId);
    connect();
    await carl.hears(chatId, bert.username, ["in the lost epoch"]);
    assert.deepEqual((await carl.notices(chatId)).filter((notice) => notice.startsWith("unreadable")), []);
  },

  "a message is sent once and shown as sent when the first answer could not be stored": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.close();
    bert.storage = bert.storage.restarted();
    const write = bert.storage.write.bind(bert.storage);
    let failures = 1;
    bert.storage.write = (batch) => {
      if (failures > 0 && batch.deletes?.some(({ store }) => store === "outbox")) {
        failures--;
        return Promise.reject(new StorageError("quota"));
      }
      return write(batch);
    };
    await bert.start();
    await bert.connected();
    await bert.says(chatId, "one");
    await anna.hears(chatId, bert.username, ["one"]);
    await bert.engine.settled(AbortSignal.timeout(60_000));
    const states = (await bert.engine.timeline(chatId)).items.flatMap((item) =>
      item.kind === "message" ? [item.state] : []
    );
    assert.deepEqual([failures, states, bert.problems], [0, ["sent"], []]);
  },
});
