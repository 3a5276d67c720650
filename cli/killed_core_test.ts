/** A core that is killed says nothing. `qpq` notices that by itself. */

import assert from "node:assert/strict";
import type { Connection } from "../client/connection/transport.ts";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { Shell } from "./testing/shell.ts";
import { QuicTransport } from "./transport/quic.ts";

/** A connection to the core that allows 25 s of silence. What qpq is compared with: it took 30 s, and takes a tenth. */
async function patient(core: Core): Promise<Connection> {
  const pin = Uint8Array.from(core.pin.match(/../g)!, (byte) => parseInt(byte, 16));
  const [hostname, port] = core.address.split(":");
  const target = { hostname, port: Number(port), serverName: "localhost", trust: { pin } };
  return await new QuicTransport(target, { patienceMs: 25_000 }).connect(new AbortController().signal);
}

Deno.test("PEOPLE B4: recv --follow goes on with a core that was killed and started again", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const quiet = async (person: string, command: string) => {
    const { code, stderr } = await shell.run(person, command);
    assert.equal(code, 0, `${command}: ${stderr}`);
  };
  try {
    await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
    await quiet("anna", "qpq create-group talk && qpq invite talk bert");
    await quiet("bert", "qpq join && qpq recv");
    const following = shell.start("bert", "qpq recv --follow --json");
    const lines = new Lines(following.stdout);
    await quiet("anna", "qpq send talk before");
    assert.equal(JSON.parse(await lines.next()).text, "before");
    const slow = await patient(core);
    await core.stop();
    await core.start();
    await quiet("anna", "qpq send talk after");
    const first = await Promise.race([
      lines.next().then((line) => JSON.parse(line).text as string),
      slow.closed.then(() => "25 s later"),
    ]);
    assert.equal(first, "after");
    following.kill("SIGTERM");
    assert.equal((await following.status).code, 0);
    slow.close();
  } finally {
    await core.remove();
  }
});
