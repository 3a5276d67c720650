/** A connection whose gateway was killed, told from a slow server and from a browser that stalls. */

import assert from "node:assert/strict";
import { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { stallsAgainMs } from "./browser_transport.ts";
import { settle, World } from "./testing/fake_network.ts";
import type { Connection } from "./transport.ts";
import { nudgeMs, silentMs, waitingMs, watchEveryMs } from "./webtransport/watched_connection.ts";

const rpcOver = (connection: Connection) => new RpcClient((signal) => connection.openStream(signal));
const call = (connection: Connection) => rpcOver(connection).call(delivery.health, {});
const isOver = async (connection: Connection) =>
  await Promise.race([connection.closed.then(() => true), settle().then(() => false)]);

/** Connects and listens, as a page does. */
async function listening(world: World): Promise<Connection> {
  const { connection } = await world.connect();
  const heard = rpcOver(connection).stream(delivery.subscribe, { recipientKey: new Uint8Array(32), after: 0 });
  await heard.next();
  heard.next().catch(() => {});
  return connection;
}

/** @returns how long it took until the connection was closed, by the test's clock */
async function closedAfter(world: World, connection: Connection, write: () => void = () => {}): Promise<number> {
  const startMs = world.clock.now();
  while (!await isOver(connection)) {
    assert.ok(world.clock.now() - startMs < 60_000, "a dead connection was never noticed");
    write();
    await world.clock.pass(500);
  }
  return world.clock.now() - startMs;
}

function kill(world: World): void {
  [world.isSilent, world.echoes] = [true, false];
}

function revive(world: World): void {
  [world.isSilent, world.echoes] = [false, true];
}

Deno.test("PEOPLE B4: a page notices its killed gateway while its user writes, and keeps WebTransport", async () => {
  const world = new World();
  world.echoes = true;
  for (let kills = 0; kills < 3; kills++) {
    const connection = await listening(world);
    assert.equal(connection.transport, "WebTransport", "a killed gateway says nothing about the browser");
    await world.clock.pass(10_000);
    kill(world);
    const tookMs = await closedAfter(world, connection, () => call(connection).catch(() => {}));
    assert.ok(tookMs <= waitingMs + silentMs + 2 * watchEveryMs, `${tookMs} ms`);
    assert.equal(await world.memory.load("home"), undefined);
    revive(world);
  }
});

Deno.test("PEOPLE B4: a page that only listens notices its killed gateway, too", async () => {
  const world = new World();
  world.echoes = true;
  const connection = await listening(world);
  await world.clock.pass(10_000);
  kill(world);
  const tookMs = await closedAfter(world, connection);
  assert.ok(tookMs <= nudgeMs + waitingMs + silentMs + 2 * watchEveryMs, `${tookMs} ms`);
});

Deno.test("PEOPLE B4: a gateway that sends no nudge back is not taken for dead", async () => {
  const world = new World();
  const connection = await listening(world);
  await world.clock.pass(60_000);
  assert.equal(await isOver(connection), false);
  assert.equal(world.httpsOpen, 0);
  connection.close();
});

Deno.test("PEOPLE B4: a slow server, a slow network or lost nudges are no dead connection", async () => {
  for (
    const slowMs of [
      { here: 3_000, elsewhere: 3_000 },
      { here: 1_000, elsewhere: 3_500 },
      { here: 5_000, elsewhere: 3_000 },
      { here: 1_000, elsewhere: 10 },
      { here: 20_000, elsewhere: 20_000 },
    ]
  ) {
    const world = new World();
    world.echoes = true;
    const connection = await listening(world);
    await world.clock.pass(1_000);
    world.echoes = false;
    world.slowMs = slowMs;
    for (let second = 0; second < 30; second++) {
      call(connection).catch(() => {});
      await world.clock.pass(1_000);
      assert.equal(await isOver(connection), false, `${JSON.stringify(slowMs)}, second ${second}`);
    }
    connection.close();
  }
});

Deno.test("PEOPLE B4: probes of a server that is too slow for them leave it pauses", async () => {
  const world = new World();
  const { connection } = await world.connect();
  world.slowMs = { here: 60_000, elsewhere: 60_000 };
  call(connection).catch(() => {});
  const opened = world.streams;
  await world.clock.pass(25_000);
  assert.ok(world.streams > opened + 1 && world.streams <= opened + 6, `${world.streams - opened} probes in 25 s`);
  connection.close();
});

Deno.test("PEOPLE B4: where no nudge was ever answered, HTTPS takes over at the second silence", async () => {
  const world = new World();
  for (const transport of ["WebTransport", "WebTransport", "HTTPS"]) {
    world.isSilent = false;
    const { connection } = await world.connect();
    assert.equal(connection.transport, transport);
    if (transport === "HTTPS") return connection.close();
    world.isSilent = true;
    call(connection).catch(() => {});
    await closedAfter(world, connection);
    await world.clock.pass(stallsAgainMs / 2);
  }
});
