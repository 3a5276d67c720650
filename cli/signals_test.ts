/** Signals and the wrapper of `qpq`: what one of the two processes gets ends both, and Ctrl+C counts once. */

import assert from "node:assert/strict";
import { childrenOf, Running, until } from "../scripts/testing/processes.ts";
import { Core } from "./testing/core.ts";
import { Shell } from "./testing/shell.ts";

const wrapper = decodeURIComponent(new URL("qpq.mjs", import.meta.url).pathname);

/** `qpq recv --follow` through its wrapper, once it follows. */
async function following(core: Core, shell: Shell): Promise<{ running: Running; child: number }> {
  const running = new Running("node", {
    args: [wrapper, "recv", "--follow"],
    cwd: shell.folder,
    env: { QPQ_SERVER: core.address, QPQ_CORE_PIN: core.pin, QPQ_STATE: "anna.db" },
  });
  // A lock on the state, and the catching up: only then does it follow.
  await until("its child", () => childrenOf(running.process.pid).length === 1);
  await shell.run("bert", "qpq send talk hello");
  await running.says("bert: hello");
  return { running, child: childrenOf(running.process.pid)[0] };
}

Deno.test({
  name: "SERVERS 12: an interrupt by process id ends qpq, Ctrl+C counts once, and qpq does not outlive its wrapper",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const core = new Core();
    await core.start();
    const shell = new Shell(core);
    try {
      for (const name of ["anna", "bert"]) assert.equal((await shell.run(name, `qpq register ${name}`)).code, 0);
      const met = "qpq create-group talk && qpq invite talk bert";
      assert.equal((await shell.run("anna", met)).code, 0);
      assert.equal((await shell.run("bert", "qpq join")).code, 0);

      const alone = await following(core, shell);
      Deno.kill(alone.running.process.pid, "SIGINT");
      assert.equal((await alone.running.end()).code, 0, alone.running.text);

      // Both get it, as from a terminal: recv ends in order, as after one, and not at once, as after two.
      const both = await following(core, shell);
      Deno.kill(both.child, "SIGINT");
      Deno.kill(both.running.process.pid, "SIGINT");
      assert.equal((await both.running.end()).code, 0, both.running.text);

      const killed = await following(core, shell);
      Deno.kill(killed.running.process.pid, "SIGKILL");
      await until("qpq ends", () => {
        try {
          return /^\d+ \(.*\) Z/s.test(Deno.readTextFileSync(`/proc/${killed.child}/stat`));
        } catch {
          return true;
        }
      });
    } finally {
      await core.remove();
    }
  },
});
