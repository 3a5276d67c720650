/** What one message writes to disk must not grow with the group (specification §6.1). */

import assert from "node:assert/strict";
import type { WriteBatch } from "../storage/storage.ts";
import { type Person, suite } from "../testing/person.ts";

/** @returns the bytes of the largest write while `work` runs */
async function largestWrite(person: Person, work: () => Promise<unknown>): Promise<number> {
  const write = person.storage.write;
  let largest = 0;
  person.storage.write = function (batch: WriteBatch) {
    largest = Math.max(largest, (batch.puts ?? []).reduce((total, { value }) => total + value.length, 0));
    return write.call(this, batch);
  };
  await work();
  person.storage.write = write;
  return largest;
}

suite("what a message writes", {
  "is as much in a group of 12 as in a chat of two, for who sends and who receives": async ({ join }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    const others = await Promise.all(Array.from({ length: 10 }, (_, index) => join(`other${index}x`)));
    const pair = await alice.engine.startChat([bob.username]);
    const group = await alice.engine.startChat([bob, ...others].map(({ username }) => username), "twelve");
    const costs = async (chatId: string) => {
      await bob.sees(chatId);
      await alice.says(chatId, "the first");
      await bob.hears(chatId, alice.username, ["the first"]);
      await alice.settled(chatId);
      const sent: number[] = [];
      const received = await largestWrite(bob, async () => {
        sent.push(await largestWrite(alice, () => alice.says(chatId, "the second")));
        await bob.hears(chatId, alice.username, ["the first", "the second"]);
      });
      await alice.settled(chatId);
      return { sent: sent[0], received };
    };
    const [ofTwo, ofTwelve] = [await costs(pair), await costs(group)];
    // Leaf numbers, epochs and names take a few bytes more; ten members would take 1,000.
    assert.ok(Math.abs(ofTwelve.sent - ofTwo.sent) < 150, JSON.stringify({ ofTwo, ofTwelve }));
    assert.ok(Math.abs(ofTwelve.received - ofTwo.received) < 150, JSON.stringify({ ofTwo, ofTwelve }));
    assert.ok(ofTwelve.sent < 5000, `${ofTwelve.sent} bytes`);
  },
  "still finds its members after a restart": async ({ join }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    const chatId = await alice.engine.startChat([bob.username], "two");
    await alice.says(chatId, "hello");
    await alice.crash();
    assert.deepEqual(
      (await alice.sees(chatId)).members.map(({ username }) => username).sort(),
      [alice.username, bob.username].sort(),
    );
  },
});
