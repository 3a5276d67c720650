/** What a core knows of `qpq` after a command has ended. */

import assert from "node:assert/strict";
import { Shell } from "../cli/testing/shell.ts";
import { toHex } from "../schema/bytes.ts";
import { startProcess } from "../server-core/testing/quic.ts";

Deno.test("the core learns at once that a command of qpq has ended, and holds no message of the next one", {
  // After its end, a QUIC connection keeps its last operations pending for a moment.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "qpq-end-" });
  const core = await startProcess(folder, { QPQ_METRICS_PORT: "0", QPQ_LOG: "debug" });
  const port = () => /"metricsPort":(\d+)/.exec(core.log())![1];
  const metrics = async () => await (await fetch(`http://127.0.0.1:${port()}/metrics`)).text();
  const shell = new Shell({ folder, address: `127.0.0.1:${core.address.port}`, pin: toHex(core.pin) });
  try {
    for (const command of ["qpq register anna", "qpq create-group talk", "qpq send talk hello", "qpq recv"]) {
      const { code, stderr } = await shell.run("anna", command);
      assert.equal(code, 0, `${command}: ${stderr}`);
    }
    const subscribed = (await metrics()).split("\n").filter((line) => line.includes('method="subscribeAs"'));
    assert.ok(subscribed.length > 0, "the commands have subscribed");
    const displaced = /code="E041"\} [1-9]/;
    assert.deepEqual(subscribed.filter((line) => displaced.test(line)), [], "no command displaced the one before it");
  } finally {
    core.kill("SIGKILL");
    await core.status;
    await Deno.remove(folder, { recursive: true });
  }
});
