import assert from "node:assert/strict";
import { recordFields } from "./records.ts";
import { Core } from "./testing/core.ts";
import { runScript } from "./testing/script.ts";
import { Shell } from "./testing/shell.ts";

const folder = new URL("testdata/", import.meta.url);
const scripts = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".txt")).sort();

// One core for all scripts: each script uses the accounts of the scripts before it.
Deno.test("qpq has the output and exit codes of the scripts of cli/testdata", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async (test) => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  try {
    const seen = new Set<string>();
    for (const name of scripts) {
      await test.step(name, async () => {
        for (const type of await runScript(name, Deno.readTextFileSync(new URL(name, folder)), shell, core)) {
          seen.add(type);
        }
      });
    }
    // demo-group has its steps checked in process_test.ts, daemon its record in daemon_test.ts.
    await test.step("every record of --json was printed with its documented fields", () =>
      assert.deepEqual(Object.keys(recordFields).filter((type) => !seen.has(type)), ["daemon", "step"]));
  } finally {
    await core.remove();
  }
});
