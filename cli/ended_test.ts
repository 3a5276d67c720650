/** `qpq` after its device was removed, or after the password was changed elsewhere. */

import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Shell } from "./testing/shell.ts";

const next = "another horse battery staple";

Deno.test("qpq on a device whose session was ended elsewhere", { sanitizeOps: false, sanitizeResources: false }, async (
  test,
) => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const { quiet } = shell;
  const deviceOf = async (person: string, more?: Record<string, string>) =>
    JSON.parse(await quiet(person, "qpq whoami --json", more)).deviceId as string;
  const revoke = async (deviceId: string) => await quiet("anna", `qpq devices --revoke ${deviceId}`);
  try {
    await quiet("anna", "qpq register anna");
    await Promise.all(["phone", "laptop", "tablet"].map((name) => quiet(name, "qpq login anna")));

    await test.step("PEOPLE B5: recv --follow that ends has stored that the device was removed", async () => {
      const before = await deviceOf("phone");
      const following = shell.start("phone", "qpq recv --follow");
      const ended = following.output();
      await revoke(before);
      const { code, stderr } = await ended;
      assert.deepEqual([code, new TextDecoder().decode(stderr).split("\n")[0]], [
        3,
        "qpq: error: E003 this device was removed from the account",
      ]);
      const told = await shell.run("phone", "qpq whoami");
      assert.deepEqual([told.code, told.stdout], [3, ""]);
      assert.match(
        told.stderr,
        /^qpq: error: E003 this device was removed .*\nqpq: hint: .*qpq login makes this state/,
      );
      await quiet("phone", "qpq login anna");
      assert.notEqual(await deviceOf("phone"), before);
    });

    await test.step("PEOPLE B5: login finds out itself that the device was removed", async () => {
      const before = await deviceOf("laptop");
      await revoke(before);
      assert.equal(await deviceOf("laptop"), before, "nobody has told this state");
      await quiet("laptop", "qpq login anna");
      assert.notEqual(await deviceOf("laptop"), before);
    });

    await test.step("PEOPLE B5: login after a password change goes on with the same device", async () => {
      const [told, untold] = [await deviceOf("tablet"), await deviceOf("laptop")];
      await quiet("anna", "qpq passwd", { QPQ_NEW_PASSWORD: next });
      const refused = await shell.run("tablet", "qpq recv");
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /^qpq: error: E001 the session has ended\nqpq: hint: sign in again with qpq login/);
      const wrong = await shell.run("tablet", "qpq login anna");
      assert.match(wrong.stderr, /^qpq: error: L022/);
      await quiet("tablet", "qpq login anna", { QPQ_PASSWORD: next });
      await quiet("laptop", "qpq login anna", { QPQ_PASSWORD: next });
      assert.deepEqual([await deviceOf("tablet"), await deviceOf("laptop")], [told, untold]);
    });

    await test.step("PEOPLE B5: login of a state that is signed in says so, and no server is no answer", async () => {
      const again = await shell.run("tablet", "qpq login anna");
      assert.match(again.stderr, /^qpq: error: L012 /);
      await core.stop();
      const alone = await shell.run("tablet", "qpq login anna --timeout 1");
      assert.deepEqual([alone.code, alone.stderr.slice(0, 16)], [4, "qpq: error: L001"]);
    });
  } finally {
    await core.remove();
  }
});
