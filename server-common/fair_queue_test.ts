import assert from "node:assert/strict";
import { FairQueue } from "./fair_queue.ts";

const greedy = "192.0.2.1";

/** Everything that the queue holds, in the order in which it gives it. */
function all(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

Deno.test("SERVERS 10: FairQueue takes one of each address in turn, each address's own in their order", () => {
  const queue = new FairQueue<string>(64);
  for (const item of ["a1", "a2", "a3", "a4"]) queue.push(item, greedy);
  for (const item of ["b1", "b2"]) queue.push(item, "192.0.2.2");
  queue.push("c1", "192.0.2.3");
  assert.deepEqual(all(queue), ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
  assert.equal(queue.length, 0);
});

Deno.test("SERVERS 10: FairQueue serves an honest address behind one of each flooding one, each time", () => {
  const queue = new FairQueue<string>(64);
  const flood = () => {
    for (let index = 0; index < 64; index++) queue.push("flood", `198.51.100.${index % 8}`);
  };
  flood();
  for (let times = 0; times < 5; times++) {
    assert.equal(queue.push("honest", greedy) ?? "flood", "flood", "it is not refused");
    let before = 0;
    while (queue.shift() !== "honest") {
      before++;
      // Each that is served comes again at once.
      flood();
    }
    assert.ok(before <= 9, `${before} were served before`);
  }
});

Deno.test("SERVERS 10: a /48 has the turn of one address, and inside of it each /64 has its own", () => {
  const queue = new FairQueue<string>(64);
  for (let index = 0; index < 5; index++) queue.push(`x${index}`, `2001:db8:0:${index}::1`);
  queue.push("x0 again", "2001:db8:0:0::2");
  queue.push("x1 again", "2001:db8:0:1::2");
  queue.push("v4", greedy);
  queue.push("x9", "2001:db8:0:9::1");
  assert.deepEqual(all(queue), ["x0", "v4", "x1", "x2", "x3", "x4", "x9", "x0 again", "x1 again"]);
});

Deno.test("SERVERS 10: a full FairQueue drops the newest of who has most, be it the one that comes", () => {
  const queue = new FairQueue<string>(4);
  for (const item of ["a1", "a2", "a3", "a4"]) assert.equal(queue.push(item, greedy), undefined);
  assert.equal(queue.push("a5", greedy), "a5");
  assert.equal(queue.push("b1", "192.0.2.2"), "a4");
  assert.equal(queue.push("c1", "192.0.2.3"), "a3");
  assert.deepEqual(all(queue), ["a1", "b1", "c1", "a2"]);
  for (let index = 0; index < 5; index++) queue.push(`v6 ${index}`, `2001:db8:0:${index % 4}::1`);
  assert.equal(queue.length, 4, "a /48 has no more than the others either");
  assert.deepEqual(queue.drain().length, 4);
  assert.equal(queue.shift(), undefined);
});
