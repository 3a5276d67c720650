/** A core that is killed says nothing. `qpq` notices that by itself. */

import assert from "node:assert/strict";
import { fromHex } from "../schema/bytes.ts";
import { certificatePin } from "../schema/certificate_pin.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { makeKeyPair } from "../gateway/testing/stub_core.ts";
import { Session } from "./session.ts";
import { SqliteStorage } from "./storage/sqlite_storage.ts";
import { Core } from "./testing/core.ts";
import { Lines } from "./testing/lines.ts";
import { Shell } from "./testing/shell.ts";
import { QuicTransport, silentAfterMs } from "./transport/quic.ts";

/** How long a test waits: ten times what is expected. */
const boundMs = 25_000;
/** QUIC alone would notice nothing in time. */
const patienceMs = 60_000;

function transportTo(core: Core): QuicTransport {
  const [hostname, port] = core.address.split(":");
  const target = { hostname, port: Number(port), serverName: "localhost", trust: { pin: fromHex(core.pin) } };
  return new QuicTransport(target, { patienceMs });
}

async function within<T>(work: Promise<T>): Promise<T | "too late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"too late">((resolve) => timer = setTimeout(() => resolve("too late"), boundMs));
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const unwatched = { sanitizeOps: false, sanitizeResources: false };
/** Until the core has answered the first datagram of a connection. */
const settleMs = 500;

Deno.test("PEOPLE B4: a connection ends when the core was killed and answers on a fresh one", unwatched, async () => {
  const core = new Core();
  await core.start();
  try {
    const connection = await transportTo(core).connect(new AbortController().signal);
    await pause(settleMs);
    await core.stop();
    await core.start();
    assert.notEqual(await within(connection.closed), "too late");
  } finally {
    await core.remove();
  }
});

Deno.test("PEOPLE B4: a core that hangs and goes on keeps its connections and their calls", unwatched, async () => {
  const core = new Core();
  await core.start();
  try {
    const connection = await transportTo(core).connect(new AbortController().signal);
    let isClosed = false;
    void connection.closed.then(() => isClosed = true);
    await pause(settleMs);
    core.hang();
    const asked = new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {});
    // Longer than until qpq begins to ask by a fresh connection.
    await pause(silentAfterMs + 2_500);
    core.goOn();
    assert.ok(await asked);
    await pause(1_000);
    assert.ok(!isClosed);
    connection.close();
  } finally {
    await core.remove();
  }
});

Deno.test("PEOPLE B4: nobody asks by a fresh connection any more once the slow core answers", unwatched, async () => {
  const pair = await makeKeyPair();
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({ cert: pair.certificate, key: pair.privateKey, alpnProtocols: ["capnp"] });
  const pin = await certificatePin(pair.certificate);
  const target = { hostname: "127.0.0.1", port: endpoint.addr.port, serverName: "localhost", trust: { pin } };
  const [connection, conn] = await Promise.all([
    new QuicTransport(target, { patienceMs }).connect(new AbortController().signal),
    listener.incoming().then((incoming) => incoming.accept<false>()),
  ]);
  // It is too busy for handshakes, which wait.
  let asked = 0;
  void (async () => {
    while (await listener.incoming()) asked++;
  })().catch(() => {});
  let isSlow = false;
  void (async () => {
    while (true) {
      const datagram = await conn.readDatagram();
      while (isSlow) await pause(20);
      await conn.sendDatagram(datagram);
    }
  })().catch(() => {});
  await pause(settleMs);
  isSlow = true;
  const untilAsked = async () => {
    while (asked === 0) await pause(20);
    return "asked";
  };
  assert.equal(await within(untilAsked()), "asked");
  isSlow = false;
  await pause(settleMs);
  const before = asked;
  await pause(4 * settleMs);
  assert.equal(asked, before);
  connection.close();
  endpoint.close({ closeCode: 0, reason: "" });
});

Deno.test("PEOPLE B4: a message that was under way when the core was killed is sent once", unwatched, async () => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const { quiet } = shell;
  try {
    await Promise.all(["anna", "bert"].map((name) => quiet(name, `qpq register ${name}`)));
    await quiet("anna", "qpq create-group talk && qpq invite talk bert");
    await quiet("bert", "qpq join");
    const session = await Session.open({
      storage: SqliteStorage.open(shell.statePath("anna")),
      transport: transportTo(core),
      timeoutMs: boundMs,
      output: { note: () => {}, progress: () => {} },
    });
    await session.synced();
    const { chatId } = await session.chat("talk");
    await session.send(chatId, "before");
    core.hang();
    const sending = session.send(chatId, "under way");
    await pause(settleMs);
    await core.stop();
    await core.start();
    await sending;
    await session.close();
    const texts = (await quiet("bert", "qpq recv --json")).split("\n").filter(Boolean).map((line) =>
      JSON.parse(line).text
    );
    assert.deepEqual(texts.filter(Boolean), ["before", "under way"]);
  } finally {
    await core.remove();
  }
});

Deno.test("PEOPLE B4: recv --follow goes on with a core that was killed and started again", unwatched, async () => {
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
    await core.stop();
    await core.start();
    await quiet("anna", "qpq send talk after");
    const line = await within(lines.next());
    assert.equal(JSON.parse(line).text, "after");
    following.kill("SIGTERM");
    assert.equal((await following.status).code, 0);
  } finally {
    await core.remove();
  }
});
