import assert from "node:assert/strict";
import { delivery } from "../../schema/rpc/methods.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { attemptMs, blockedForMs, firstRetryMs, headStartMs } from "./browser_transport.ts";
import { lastCallMs, quietMs } from "./fallback_connection.ts";
import type { Connection } from "./transport.ts";
import { heldUpMs, nudgeMs, silentMs, waitingMs, watchEveryMs } from "./webtransport/watched_connection.ts";
import { settle, World } from "./testing/fake_network.ts";

const call = (connection: Connection) =>
  new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {});
/** A call that waits on a silent connection ends it within this time. */
const noticedMs = waitingMs + watchEveryMs + silentMs + watchEveryMs;
const isOver = async (connection: Connection) =>
  await Promise.race([connection.closed.then(({ reason }) => reason), settle().then(() => undefined)]);

Deno.test("WebTransport that connects fast is chosen at once, without HTTPS", async () => {
  const world = new World();
  const { connection, tookMs } = await world.connect();
  assert.deepEqual([connection.transport, tookMs, world.httpsOpen], ["WebTransport", 0, 0]);
  await call(connection);
  connection.close();
  assert.equal(world.clock.pending, 0);
});

Deno.test("WebTransport that hangs gives way to HTTPS within 3 s, and is remembered for the network", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const first = await world.connect();
  assert.equal(first.connection.transport, "HTTPS");
  assert.ok(first.tookMs >= headStartMs && first.tookMs <= 3_000, `${first.tookMs} ms`);
  await call(first.connection);
  first.connection.close();
  await settle();
  const second = await world.connect();
  assert.deepEqual([second.connection.transport, second.tookMs], ["HTTPS", 0]);
  second.connection.close();
  world.network = "office";
  assert.ok((await world.connect()).tookMs >= headStartMs, "another network is raced anew");
  world.network = "home";
  await world.clock.pass(blockedForMs);
  world.behaviour = "connects";
  const third = await world.connect();
  assert.equal(third.connection.transport, "WebTransport", "the verdict ends");
  third.connection.close();
});

Deno.test("WebTransport that fails at once gives way to HTTPS at once", async () => {
  const world = new World();
  world.behaviour = "fails";
  const { connection, tookMs } = await world.connect();
  assert.deepEqual([connection.transport, tookMs], ["HTTPS", 0]);
  connection.close();
  await settle();
  assert.deepEqual([world.clock.pending, world.httpsOpen], [0, 0]);
});

Deno.test("WebTransport that connects after HTTPS was chosen takes over when the open calls have ended", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const { connection } = await world.connect();
  const listening = new RpcClient((signal) => connection.openStream(signal)).stream(delivery.subscribe, {
    recipientKey: new Uint8Array(32),
    after: 0,
  });
  assert.deepEqual((await listening.next()).value, { entries: [] });
  world.sessions[0].ready();
  await world.clock.pass(quietMs - 500);
  assert.equal(await isOver(connection), undefined, "a call that may still get its answer is not cut off");
  await call(connection);
  const cutOff = assert.rejects(listening.next(), TransportError);
  await world.clock.pass(lastCallMs);
  assert.equal(await isOver(connection), "WebTransport works again");
  void cutOff.catch(() => {});
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs, world.attempts], ["WebTransport", 0, 1]);
  await call(next.connection);
  assert.equal(await world.memory.load("home"), undefined);
  next.connection.close();
  await world.clock.pass(0);
  assert.equal(world.clock.pending, 0);
});

Deno.test("WebTransport is tried again in the background with growing pauses", async () => {
  const world = new World();
  world.behaviour = "fails";
  const { connection } = await world.connect();
  await world.clock.pass(firstRetryMs);
  assert.equal(world.attempts, 2);
  await world.clock.pass(2 * firstRetryMs - 1);
  assert.equal(world.attempts, 2);
  world.behaviour = "connects";
  await world.clock.pass(1);
  assert.equal(world.attempts, 3);
  await world.clock.pass(quietMs);
  assert.equal(await isOver(connection), "WebTransport works again");
  const next = await world.connect();
  assert.equal(next.connection.transport, "WebTransport");
  next.connection.close();
});

Deno.test("WebTransport that connects but carries no call is not used", async () => {
  const world = new World();
  world.behaviour = "hangs";
  const { connection } = await world.connect();
  world.isSilent = true;
  world.sessions[0].ready();
  await world.clock.pass(attemptMs);
  assert.equal(await isOver(connection), undefined);
  assert.ok(world.sessions[0].closed);
  connection.close();
});

Deno.test("WebTransport that stalls in a session gives way to HTTPS for a day", async () => {
  const world = new World();
  world.echoes = true;
  const { connection } = await world.connect();
  await call(connection);
  world.isSilent = true;
  const stuck = call(connection);
  stuck.catch(() => {});
  await world.clock.pass(noticedMs);
  assert.ok(await isOver(connection));
  assert.ok(world.sessions[0].closed);
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs], ["HTTPS", 0]);
  await world.clock.pass(blockedForMs);
  assert.equal(world.attempts, 1);
  next.connection.close();
});

Deno.test("WebTransport that opens no more streams gives way to HTTPS, and waiting calls fail", async () => {
  const world = new World();
  world.echoes = true;
  const { connection } = await world.connect();
  const listening = new RpcClient((signal) => connection.openStream(signal)).stream(delivery.subscribe, {
    recipientKey: new Uint8Array(32),
    after: 0,
  });
  await listening.next();
  world.starved = "opens no stream";
  const stuck = assert.rejects(call(connection), TransportError);
  await world.clock.pass(noticedMs);
  await stuck;
  assert.ok(await isOver(connection));
  assert.equal((await world.memory.load("home"))?.reason, "stalled");
  const next = await world.connect();
  assert.deepEqual([next.connection.transport, next.tookMs], ["HTTPS", 0]);
  await call(next.connection);
  next.connection.close();
  void listening.next().catch(() => {});
});

Deno.test("a call whose stream never opens ends when its caller cancels it", async () => {
  const world = new World();
  const { connection } = await world.connect();
  world.starved = "opens no stream";
  const given = new AbortController();
  const stuck = new RpcClient((signal) => connection.openStream(signal)).call(delivery.health, {}, {
    signal: given.signal,
  });
  await settle();
  given.abort(new Error("enough"));
  await assert.rejects(stuck, TransportError);
  connection.close();
});

Deno.test("WebTransport that stops taking an upload gives way to HTTPS", async () => {
  const world = new World();
  const { connection } = await world.connect();
  const upload = async (over: Connection) =>
    await new RpcClient((signal) => over.openStream(signal)).call(
      delivery.putBlob,
      { sha256: new Uint8Array(32), length: 300_000 },
      {},
      new Uint8Array(300_000),
    );
  world.starved = "takes no write";
  const stuck = upload(connection);
  stuck.catch(() => {});
  await settle();
  world.starved = undefined;
  for (let atMs = 0; atMs < heldUpMs - watchEveryMs; atMs += watchEveryMs) {
    await call(connection);
    await world.clock.pass(watchEveryMs);
  }
  assert.equal(await isOver(connection), undefined, "a slow upload is no stall");
  await world.clock.pass(2 * watchEveryMs);
  assert.ok(await isOver(connection));
  const next = await world.connect();
  assert.equal(next.connection.transport, "HTTPS");
  await upload(next.connection);
  next.connection.close();
});

Deno.test("a slow call is no stall as long as the server answers others", async () => {
  const world = new World();
  const { connection } = await world.connect();
  const [slow] = await Promise.all([connection.openStream(), call(connection)]);
  await world.clock.pass(4 * waitingMs);
  assert.equal(await isOver(connection), undefined);
  assert.equal(world.httpsOpen, 0, "the proof has ended");
  await slow.readable.cancel();
  connection.close();
});

Deno.test("PEOPLE B0: a quiet WebTransport connection is nudged every few seconds, while somebody looks", async () => {
  const world = new World();
  const { connection } = await world.connect();
  assert.ok(nudgeMs < 5_000);
  assert.equal(world.datagrams, 1, "it tells whether the gateway answers");
  await world.clock.pass(10 * nudgeMs);
  assert.equal(world.datagrams, 11);
  world.isLookedAt = false;
  await world.clock.pass(10 * nudgeMs);
  assert.equal(world.datagrams, 11, "nothing for a hidden page, or without a network");
  world.isLookedAt = true;
  for (let second = 0; second < 20; second++) {
    await world.clock.pass(1_000);
    await call(connection);
  }
  assert.ok(world.datagrams! <= 12, "nothing where calls go to and fro");
  assert.equal(await isOver(connection), undefined);
  connection.close();
  assert.equal(world.clock.pending, 0);
});

Deno.test("PEOPLE B0: a browser without datagrams nudges by a call", async () => {
  const world = new World();
  world.datagrams = undefined;
  const { connection } = await world.connect();
  await world.clock.pass(5 * nudgeMs);
  assert.equal(world.streams, 5);
  connection.close();
  assert.equal(world.clock.pending, 0);
});
