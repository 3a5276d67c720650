/** Two copies of one state. */

import assert from "node:assert/strict";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { Shell } from "./testing/shell.ts";

const said =
  /^qpq: error: E041 a copy of this state has connected, and goes on as this device\nqpq: hint: use one copy/;

Deno.test("PEOPLE B3: of two copies of a state the one that connects later goes on, and the other ends and says why", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const { quiet } = shell;
  const follow = (person: string) => {
    const process = shell.start(person, "qpq recv --follow --json");
    const lines = new Lines(process.stdout);
    const until = async (wanted: (line: { text?: string; notice?: string }) => boolean) => {
      while (true) {
        const line = await lines.next();
        assert.notEqual(line, "", `${person} ended`);
        if (wanted(JSON.parse(line))) return;
      }
    };
    return { process, until };
  };
  /** How a process ended by itself. */
  const ended = async ({ process }: ReturnType<typeof follow>) => {
    const stderr = await new Response(process.stderr).text();
    return { code: (await process.status).code, stderr };
  };
  try {
    await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
    await quiet("anna", "qpq create-group talk && qpq invite talk bert");
    await quiet("bert", "qpq join && qpq recv");
    await quiet("bert", "cp bert.db twin.db");
    await quiet("anna", "qpq send talk hello");
    const hears = (text: string) => (line: { text?: string }) => line.text === text;
    const bert = follow("bert");
    await bert.until(hears("hello"));
    const anna = follow("anna");
    const twin = follow("twin");
    await twin.until(({ notice }) => notice === "rejoined");
    const first = await ended(bert);
    assert.equal(first.code, 1);
    assert.match(first.stderr, said);
    // The state whose process has ended takes over with its next command, and is put back first.
    await quiet("bert", "qpq recv");
    await quiet("bert", "qpq send talk 'from the first'");
    await anna.until(hears("from the first"));
    const second = await ended(twin);
    assert.equal(second.code, 1);
    assert.match(second.stderr, said);
    anna.process.kill("SIGTERM");
    await anna.process.status;
  } finally {
    await core.remove();
  }
});
