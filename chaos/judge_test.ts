import assert from "node:assert/strict";
import type { TimelineItem } from "../client/api/engine_api.ts";
import { judge, type Printed, type Timelines } from "./judge.ts";
import { Ledger, type Name, people } from "./ledger.ts";

const silent = { sent: () => {}, heard: () => {}, failed: () => {} };
const text = "bob-four-00001";

/** A message of Bob's that he was told is sent, and devices that hold it as often as they are named. */
function run(devices: Name[], printed: string[][], state = "sent", isWhole = true) {
  const ledger = new Ledger(silent);
  assert.equal(ledger.next("bob", "four"), text);
  ledger.tell("bob", text, state);
  const items = (name: Name) =>
    devices.filter((device) => device === name).map(() => ({ kind: "message", text, state } as TimelineItem));
  const timelines: Timelines = new Map(people.map((name) => [name, new Map([["four", items(name)]])]));
  const processes: Printed[] = printed.map((texts) => ({ texts, isWhole }));
  return judge(ledger, timelines, new Map([["carol", processes]]));
}

Deno.test("a message that is everywhere once is whole", () => {
  const { whole, lost, doubled, stuck } = run([...people], [[text]]);
  assert.deepEqual({ whole, lost, doubled, stuck }, { whole: 1, lost: [], doubled: [], stuck: [] });
});

Deno.test('a message that was told "sent" and is not at a receiver, or was not printed, is lost', () => {
  assert.deepEqual(run(["alice", "bob", "carol"], [[text]]).lost, [`${text} is not at dave`]);
  assert.deepEqual(run([...people], [["bob-four-00002"]]).lost, [`${text} was not printed by carol`]);
});

Deno.test("a message that somebody has twice, or that is printed twice, is doubled", () => {
  assert.deepEqual(run([...people, "alice"], [[text]]).doubled, [`${text} is twice at alice`]);
  assert.deepEqual(run([...people], [[text, text]]).doubled, [`${text} was printed twice by carol`]);
  assert.deepEqual(run([...people], [[text], ["alice-four-00001", text]]).doubled, [
    `${text} was printed twice by carol`,
  ]);
});

Deno.test("the line at which a process was killed may be printed once more by the next one", () => {
  assert.deepEqual(run([...people], [[text], [text]], "sent", false).doubled, []);
});

Deno.test("a line that one process after the other prints is doubled, where the one before ended in order", () => {
  assert.deepEqual(run([...people], [[text], [text]]).doubled, [`${text} was printed twice by carol`]);
});

Deno.test("a message that was kept on the device and is not everywhere in the end is stuck, not lost", () => {
  const { lost, stuck } = run(["bob"], [[]], "kept");
  assert.deepEqual({ lost, stuck }, { lost: [], stuck: [`${text} was kept, and is kept at bob`] });
});

Deno.test("notices are counted by their names", () => {
  const ledger = new Ledger(silent);
  const gap = { kind: "notice", notice: "gap" } as TimelineItem;
  const { notices } = judge(ledger, new Map([["alice", new Map([["four", [gap, gap]]])]]), new Map());
  assert.deepEqual(notices, { gap: 2 });
});
