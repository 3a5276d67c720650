/** `qpq recv` where a device has to be put back into its group. */

import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { Shell } from "./testing/shell.ts";

interface Notice {
  type: string;
  notice?: string;
  text?: string;
}

const records = (text: string) =>
  text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Notice);
const putBack = (found: Notice[]) => found.filter(({ notice }) => notice === "rejoined").length;

Deno.test(
  "qpq recv and a device that can not follow its group",
  { sanitizeOps: false, sanitizeResources: false },
  async (
    test,
  ) => {
    const core = new Core();
    await core.start();
    const shell = new Shell(core);
    const { quiet } = shell;
    /** bert's state becomes the one before a change of the group that it has made itself. */
    const rollBack = async (to: string) => {
      await quiet("bert", "cp bert.db old.db");
      await quiet("bert", `qpq rename talk${to.slice(0, -1)} talk${to}`);
      await quiet("bert", "rm -f bert.db-wal bert.db-shm; mv old.db bert.db");
    };
    try {
      await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
      await quiet("bert", "qpq create-group talk && qpq invite talk anna");
      await quiet("anna", "qpq join && qpq recv");

      await test.step("PEOPLE B4: one-shot recv puts a device back that asks, and says what is left", async () => {
        await rollBack("1");
        // The server says that this state is an old one, and nobody is there to help.
        await shell.run("bert", "qpq send talk 'from the old state'");
        const alone = await shell.run("bert", "qpq recv");
        assert.equal(alone.code, 6, alone.stderr);
        assert.match(alone.stderr, /^qpq: error: this device can not follow talk\S* until .*\nqpq: hint: /);
        assert.equal(putBack(records(await quiet("anna", "qpq recv --json"))), 1);
        assert.equal(putBack(records(await quiet("bert", "qpq recv --json"))), 1);
        await quiet("bert", "qpq send talk1 'here again'");
        assert.ok(records(await quiet("anna", "qpq recv --json")).some(({ text }) => text === "here again"));
      });

      await test.step("PEOPLE B4: recv --follow puts a device back once, whenever that asks", async () => {
        await rollBack("11");
        await shell.run("bert", "qpq send talk1 'from the old state'");
        const following = shell.start("anna", "qpq recv --follow --json");
        const lines = new Lines(following.stdout);
        // The request waits for anna, and bert ends before it is answered. Then it comes back and reads the answer.
        await shell.run("bert", "qpq recv --timeout 1");
        await quiet("bert", "qpq recv");
        await quiet("bert", "qpq send talk11 last");
        const heard: Notice[] = [];
        while (heard.at(-1)?.text !== "last") heard.push(JSON.parse(await lines.next()));
        assert.equal(putBack(heard), 1);
        following.kill("SIGTERM");
        await following.status;
      });
    } finally {
      await core.remove();
    }
  },
);
