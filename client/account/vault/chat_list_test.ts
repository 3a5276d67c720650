import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { ChatList, maxVaultPeople, personValue, valuesOf, withoutGone } from "./chat_list.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);

Deno.test("PEOPLE B1: the vault names a channel and its people by values that the specification names", async () => {
  assert.equal(
    toHex(await personValue(key(1), key(2))),
    "0101010101010101010101010101010133008855b5b9f28e6741ed10436f179d",
  );
  const list = new ChatList(await valuesOf({ own: [{ channelId: key(1), people: [key(2)] }], gone: [] }));
  assert.equal(list.has(key(1)), true);
  assert.equal(list.has(key(3)), false);
  assert.equal(await list.knows(key(1), key(2)), true);
  assert.equal(await list.knows(key(1), key(4)), false);
  assert.equal(await list.knows(key(3), key(2)), false, "known in one channel is not known in another");
});

Deno.test("PEOPLE B1: the list names at most 4 people of a channel, and channels before people", async () => {
  const people = Array.from({ length: 9 }, (_, index) => key(10 + index));
  const values = await valuesOf({ own: [{ channelId: key(1), people }, { channelId: key(2), people: [] }], gone: [] });
  assert.equal(values.length, 2 + maxVaultPeople);
  assert.deepEqual(values.slice(0, 2), [key(1), key(2)]);
});

Deno.test("PEOPLE B1: a channel that is gone goes with its people, and the others are counted by channel", async () => {
  const own = [{ channelId: key(1), people: [key(8), key(9)] }, { channelId: key(2), people: [key(8)] }];
  const values = await valuesOf({ own, gone: [] });
  assert.equal(new ChatList(values).others([]), 2);
  assert.equal(new ChatList(values).others([key(1), key(7)]), 1);
  const left = withoutGone(values, [key(1)]);
  assert.deepEqual(left, [key(2), await personValue(key(2), key(8))]);
  assert.equal(new ChatList(left).others([key(2)]), 0);
});
