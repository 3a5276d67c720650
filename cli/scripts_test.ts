import { Core } from "./testing/core.ts";
import { runScript } from "./testing/script.ts";
import { Shell } from "./testing/shell.ts";

const folder = new URL("testdata/", import.meta.url);
const scripts = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".txt")).sort();

// One core for all: each script goes on with the accounts of those before it.
Deno.test("qpq prints and ends with what the scripts of cli/testdata say", { sanitizeOps: false, sanitizeResources: false }, async (test) => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  try {
    for (const name of scripts) await test.step(name, () => runScript(name, Deno.readTextFileSync(new URL(name, folder)), shell, core));
  } finally {
    await core.remove();
  }
});
