import assert from "node:assert/strict";
import fc from "fast-check";
import { inOrderOfArrival } from "./arrival_order.ts";

const sequence = (conversations: Record<string, number[]>) =>
  [...inOrderOfArrival(
    Object.entries(conversations).map(([chatId, times]) => ({
      chatId,
      items: times.map((atMs, place) => ({ atMs, place })),
    })),
  )].map(({ chatId, item }) => `${chatId}${item.place}`);

Deno.test("inOrderOfArrival() orders by time of arrival, and within a conversation by its own order", () => {
  assert.deepEqual(sequence({ b: [1, 4, 5], a: [2, 3, 6] }), ["b0", "a0", "a1", "b1", "b2", "a2"]);
  assert.deepEqual(sequence({ a: [5, 1], b: [2] }), ["b0", "a0", "a1"]);
  assert.deepEqual(sequence({ a: [], b: [] }), []);
});

Deno.test("inOrderOfArrival() does not depend on the order of the conversations, and drops nothing", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.array(fc.nat(9), { maxLength: 6 })),
      (conversations) => {
        const listed = sequence(conversations);
        assert.deepEqual(sequence(Object.fromEntries(Object.entries(conversations).reverse())), listed);
        assert.equal(listed.length, Object.values(conversations).flat().length);
      },
    ),
  );
});
