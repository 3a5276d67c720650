import assert from "node:assert/strict";
import { add } from "./campaign.ts";
import type { ChaosResult } from "./loop.ts";
import { exitCodeOf, report } from "./report.ts";
import type { Sample } from "./recovery.ts";

function world(samples: Sample[], cutShort: Sample[] = []): ChaosResult {
  const counts = { whole: 1, said: 3, sent: 2, tookMs: 1_000, notices: { gap: 1 }, kills: { core: 1 } };
  return { lost: [], doubled: [], stuck: [], ...counts, samples, cutShort };
}

const core = (who: Sample["who"], ms: number): Sample => ({
  who,
  way: "out",
  ms,
  sinceFaultMs: ms + 500,
  after: "core",
});

Deno.test("a report has a row for each fault, with the times since it was over and since it began", () => {
  const slow: Sample = { ...core("dave", 2_000), after: "core, loss" };
  const lines = report(world([core("alice", 300), core("bob", 1_000), slow], [core("carol", 10)]));
  const row = (what: string) => lines.find((line) => line.startsWith(`| ${what} |`));
  assert.equal(row("pages"), "| pages | 1 | 0 | 0.30 s / 0.30 s / 0.30 s | 0.80 s / 0.80 s / 0.80 s |");
  assert.match(row("CLI")!, /^\| CLI \| 2 \| 1 \| .* \/ 2\.00 s \| .* \/ 2\.50 s \|$/);
  assert.match(row("core")!, /^\| core \| 1 \| 0\.30 s .*0\.80 s \| .*2\.00 s \| .*2\.50 s \|$/);
  assert.equal(row("rebind"), "| rebind | – | – | – | – | – |");
});

Deno.test("several worlds count as one run", () => {
  const sum = world([core("alice", 300)]);
  add(sum, { ...world([core("bob", 400)]), kills: { core: 2, tab: 1 }, lost: ["x is not at bob"] });
  assert.deepEqual(sum.kills, { core: 3, tab: 1 });
  assert.deepEqual([sum.samples.length, sum.said, sum.notices.gap, sum.lost], [2, 6, 2, ["x is not at bob"]]);
});

Deno.test("a run in which hardly anything comes to everybody proves nothing, and ends with 2", () => {
  const good = { ...world([]), whole: 3, kills: { core: 2, tab: 1 } };
  assert.equal(exitCodeOf(good, 0), 0);
  assert.equal(exitCodeOf({ ...good, whole: 2 }, 0), 2);
  assert.equal(exitCodeOf(good, 1), 2);
  assert.equal(exitCodeOf({ ...good, whole: 0, lost: ["x is not at bob"] }, 1), 1);
});
