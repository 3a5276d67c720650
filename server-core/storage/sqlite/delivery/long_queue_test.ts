/** Queues of many thousand entries: an account can fill its own, and all calls wait for one that reads it whole. */

import assert from "node:assert/strict";
import { withTempDir } from "../../../testing/quic.ts";
import { random } from "../../../testing/seed.ts";
import { openDatabase } from "../open.ts";
import { oneChannel } from "./reading.ts";

Deno.test("SERVERS 1: reading one channel of a queue reads no entry of the others", () =>
  withTempDir((dataDir) => {
    const db = openDatabase({ dataDir });
    const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${oneChannel}`, 1, 0, random(32), 200);
    const steps = plan.map(({ detail }) => detail);
    assert.ok(
      steps.includes("SEARCH entries USING INDEX entries_by_channel (queue=? AND channel=? AND seq>?)"),
      steps.join("; "),
    );
    assert.deepEqual(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step)), []);
    db.close();
  }));
