import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Shell } from "./testing/shell.ts";

Deno.test("PEOPLE B8: a wrong pin is told at once, by every command that asks the server", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  // A timeout that no run of the test reaches: what ends a command is the answer with another certificate.
  const wrong = { QPQ_CORE_PIN: "00".repeat(32) };
  const refused = async (command: string) => {
    const { code, stdout, stderr } = await shell.run("anna", `qpq --timeout 900 ${command}`, wrong);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /qpq: error: L033 what answers is not the core that --pin or --ca names\nqpq: hint: compare/);
    return stdout;
  };
  try {
    await refused("register anna");
    await refused("login anna");
    assert.equal((await shell.run("anna", "qpq register anna && qpq create-group talk")).code, 0);
    for (const command of ["recv", "recv --follow", "devices", "invite talk bert"]) await refused(command);
    assert.match(await refused('send talk "kept" --json'), /"type":"kept"/);
    assert.equal((await shell.run("anna", "qpq send talk now")).code, 0);
  } finally {
    await core.remove();
  }
});
