/** An engine that runs for a moment, without the files and the index of its profile, as in a service worker. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { random } from "../testing/hostile_member.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";
import { SearchFiles } from "../testing/search_files.ts";

/** The person's engine is closed, and another takes the profile over. */
async function restarted(person: Person, isWoken: boolean): Promise<void> {
  await person.close();
  person.storage = person.storage.restarted();
  person.isWoken = isWoken;
  await person.start();
  await person.connected();
}

suite("DEVICES: a woken engine", {
  "DEVICES: stores what came and sends what waited; files and index wait for the next engine": async (
    { core, join },
  ) => {
    using files = new SearchFiles();
    const [anna, bert] = [await join("anna"), await join("bert")];
    bert.searchDatabases = files;
    const chatId = await anna.engine.startChat([bert.username], "friends");
    await bert.sees(chatId);
    await bert.says(chatId, "before");
    await bert.settled(chatId);
    await bert.engine.searchable();

    bert.online = false;
    bert.disconnect();
    const photo = {
      name: "photo.bin",
      type: "application/octet-stream",
      source: new Blob([new Uint8Array(100_000).fill(7)]),
    };
    await bert.engine.sendFiles(chatId, toHex(random(16)), [photo], "");
    await bert.says(chatId, "written offline");
    await anna.says(chatId, "said meanwhile");
    bert.online = true;
    await restarted(bert, true);
    await bert.engine.synced(AbortSignal.timeout(10_000));
    await bert.close();
    const { rpc } = await outsider(core, bert);
    const queue = { recipientKey: await bert.recipientKey(), channelId: new Uint8Array(), after: 0, limit: 200 };
    assert.deepEqual((await rpc.call(delivery.fetch, queue)).entries, [], "the server has deleted them");
    await restarted(bert, true);
    await bert.hears(chatId, anna.username, ["said meanwhile"]);
    await anna.hears(chatId, bert.username, ["before", "written offline"]);
    const transfers = await bert.engine.transfers();
    assert.deepEqual(transfers.map(({ state, done }) => [state, done]), [["sending", 0]], "it has not failed");
    await assert.rejects(bert.engine.search("meanwhile"));

    await restarted(bert, false);
    await bert.until(async () => (await bert.engine.transfers()).length === 0, "the file to be sent");
    await bert.engine.searchable();
    const { hits } = await bert.engine.search("meanwhile");
    assert.deepEqual(hits.map(({ text }) => text), ["said meanwhile"]);
    assert.deepEqual(bert.problems, []);
  },
});
