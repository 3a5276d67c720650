import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { LoopTurns } from "./loop_turns.ts";

/** Counts the turns of the event loop while `work` runs. */
async function countTurns(work: (turn: () => number) => Promise<void>): Promise<void> {
  let turn = 0;
  let isOver = false;
  const again = () => {
    turn++;
    if (!isOver) setImmediate(again);
  };
  setImmediate(again);
  await work(() => turn).finally(() => isOver = true);
  await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("SERVERS 10: LoopTurns begins one thing in each turn of the event loop", () =>
  countTurns(async (turn) => {
    const turns = new LoopTurns();
    const begun: number[] = [];
    await Promise.all(Array.from({ length: 50 }, async () => {
      await turns.next("192.0.2.1");
      begun.push(turn());
    }));
    assert.equal(begun.length, 50);
    assert.equal(new Set(begun).size, 50, `in the turns ${begun}`);
  }));

Deno.test("SERVERS 10: LoopTurns lets addresses take turns, however many pieces of work one of them has", async () => {
  const turns = new LoopTurns();
  const begun: string[] = [];
  const ask = async (address: string, name: string) => {
    await turns.next(address);
    begun.push(name);
  };
  const flood = Array.from({ length: 20 }, (_, index) => ask("192.0.2.1", `flood ${index}`));
  await Promise.all([ask("192.0.2.2", "honest"), ask("192.0.2.2", "honest again")]);
  assert.deepEqual(begun, ["flood 0", "flood 1", "honest", "flood 2", "honest again"]);
  await Promise.all(flood);
});

Deno.test("SERVERS 6: LoopTurns begins as many as it is told in a turn, of as many addresses as wait", () =>
  countTurns(async (turn) => {
    const turns = new LoopTurns(4);
    const begun: string[] = [];
    const ask = async (name: string) => {
      await turns.next(`192.0.2.${name[0]}`);
      begun.push(`${name} ${turn()}`);
    };
    const all = ["1a", "1b", "1c", "1d", "1e", "1f", "1g", "1h", "2a", "3a"].map(ask);
    await Promise.all(all);
    const [first] = begun[0].split(" ").slice(1).map(Number);
    const inTurns = begun.map((each) => each.split(" ")).map(([name, at]) => `${name} ${Number(at) - first}`);
    assert.deepEqual(inTurns.slice(0, 4).map((each) => each.slice(0, 2)), ["1a", "1b", "1c", "1d"]);
    assert.deepEqual(inTurns.slice(4, 8).map((each) => each.slice(0, 2)).sort(), ["1e", "1f", "2a", "3a"]);
    assert.equal(new Set(inTurns.slice(4, 8).map((each) => each.slice(3))).size, 1, `${inTurns}`);
  }));

Deno.test("LoopTurns makes nobody wait who is alone", async () => {
  await countTurns(async (turn) => {
    const turns = new LoopTurns();
    for (let asked = 0; asked < 3; asked++) {
      const before = turn();
      await turns.next("192.0.2.1");
      assert.equal(turn(), before);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
