import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { Shell } from "./testing/shell.ts";
import { TwoNetworks } from "./testing/two_networks.ts";

const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

Deno.test("recv --follow prints the missed messages within a second of the network's return", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const networks = await TwoNetworks.make();
  const core = new Core(TwoNetworks.serverHost, networks.inServer);
  try {
    await core.start();
    const near = new Shell(core, networks.inServer);
    const far = new Shell(core, networks.inClient);
    const quiet = async (shell: Shell, person: string, command: string) => {
      const { code, stderr } = await shell.run(person, command);
      assert.equal(code, 0, stderr);
    };
    await Promise.all([quiet(near, "anna", "qpq register anna"), quiet(far, "bert", "qpq register bert")]);
    await quiet(near, "anna", "qpq create-group talk && qpq invite talk bert");
    await quiet(far, "bert", "qpq join && qpq recv");
    const following = far.start("bert", "exec qpq recv --follow --json");
    const lines = new Lines(following.stdout);
    const backLimitMs = async () => {
      const startMs = performance.now();
      await quiet(near, "anna", "qpq groups");
      return Math.max(1_000, 2 * (performance.now() - startMs));
    };
    const next = async () => JSON.parse(await lines.next()).text as string;
    await quiet(near, "anna", "qpq send talk before");
    assert.equal(await next(), "before");
    await networks.pull();
    await quiet(near, "anna", "qpq send talk meanwhile");
    await pause(4_000);
    await networks.plugIn();
    const backMs = performance.now();
    assert.equal(await next(), "meanwhile");
    const tookMs = Math.round(performance.now() - backMs);
    // One second, or on a busy machine the time of a short command there. Without a watch of the network it
    // takes half a minute.
    const limitMs = await backLimitMs();
    assert.ok(tookMs < limitMs, `${tookMs} of ${limitMs} ms`);
    following.kill("SIGTERM");
    assert.equal((await following.status).code, 0);
  } finally {
    await core.remove();
    await networks.remove();
  }
});
