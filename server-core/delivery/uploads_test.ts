import assert from "node:assert/strict";
import { outcome } from "../testing/delivery_service.ts";
import { type UnderWay, Uploads } from "./uploads.ts";

/** Begins uploads that go on until `end`. */
function begin(uploads: Uploads) {
  const gate = Promise.withResolvers<void>();
  const under: UnderWay[] = [];
  const running: Promise<string>[] = [];
  return {
    under,
    start(account: string, sha256: string, length = 1): void {
      running.push(outcome(uploads.with(account, sha256, length, (others) => {
        under.push(others);
        return gate.promise;
      })));
    },
    async end(): Promise<string[]> {
      gate.resolve();
      return await Promise.all(running);
    },
  };
}

Deno.test("Uploads tells an upload of the account's others, each blob once, and forgets what has ended", async () => {
  const uploads = new Uploads();
  const { start, under, end } = begin(uploads);
  start("ann", "one", 100);
  start("ann", "two", 20);
  start("ann", "one", 100);
  start("bob", "one", 100);
  assert.deepEqual(under, [
    { files: 0, bytes: 0 },
    { files: 1, bytes: 100 },
    { files: 1, bytes: 20 },
    { files: 0, bytes: 0 },
  ]);
  assert.deepEqual(await end(), Array(4).fill("ok"));
  await assert.rejects(uploads.with("ann", "one", 5, () => Promise.reject(new Error("cut off"))), /cut off/);
  await uploads.with("ann", "two", 5, (others) => Promise.resolve(assert.deepEqual(others, { files: 0, bytes: 0 })));
});

Deno.test("SERVERS 8: many uploads at once leave places for accounts that have none, and there is an end", async () => {
  const uploads = new Uploads();
  const { start, end } = begin(uploads);
  for (let account = 0; account < 40; account++) {
    for (let blob = 0; blob < 5; blob++) start(`greedy ${account}`, `${blob}`);
  }
  for (let account = 0; account < 200; account++) start(`other ${account}`, "x");
  const answers = await end();
  const count = (from: number, to: number) => answers.slice(from, to).filter((answer) => answer === "ok").length;
  // 32 accounts have 4 each. Then an account gets one, until 256 run.
  assert.deepEqual([count(0, 160), count(160, 200), count(200, 400)], [128, 8, 120]);
});
