import assert from "node:assert/strict";
import { callRefusal } from "./call_refusal.ts";
import { type CallLimits, Splice, spliceCall } from "./splice.ts";

const limits: CallLimits = { bytesPerCall: 1_000, halfOpenMs: 60_000, stallMs: 60_000 };

/** One side of a call in memory. The test feeds its readable and reads its writable. */
function makeSide(highWaterMark = 1_000) {
  const incoming = new TransformStream<Uint8Array, Uint8Array>({}, { highWaterMark }, { highWaterMark });
  const outgoing = new TransformStream<Uint8Array, Uint8Array>();
  return {
    duplex: { readable: incoming.readable, writable: outgoing.writable },
    feed: incoming.writable.getWriter(),
    out: outgoing.readable.getReader(),
  };
}

const bytes = (length: number) => new Uint8Array(length).fill(7);

Deno.test("spliceCall() carries bytes and FIN both ways, each direction on its own", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  client.feed.write(bytes(10));
  assert.equal((await core.out.read()).value?.length, 10);
  client.feed.close();
  assert.ok((await core.out.read()).done);
  core.feed.write(bytes(4));
  core.feed.write(bytes(5));
  assert.equal((await client.out.read()).value?.length, 4);
  assert.equal((await client.out.read()).value?.length, 5);
  core.feed.close();
  assert.ok((await client.out.read()).done);
  assert.deepEqual(await summary, { outcome: "done", bytesToCore: 10, bytesFromCore: 9 });
});

Deno.test("spliceCall() aborts both ways when the client resets", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  client.feed.abort(new Error("reset"));
  assert.equal((await summary).outcome, "client");
  await assert.rejects(core.out.read());
  await assert.rejects(core.feed.closed);
});

Deno.test("spliceCall() aborts both ways when the client stops reading, even while nothing is sent", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  client.feed.close();
  await client.out.cancel("gone");
  assert.equal((await summary).outcome, "client");
  await assert.rejects(core.feed.closed);
});

Deno.test("spliceCall() aborts both ways when the core resets", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  core.feed.abort(new Error("reset"));
  assert.equal((await summary).outcome, "core");
  await assert.rejects(client.out.read());
});

Deno.test("spliceCall() lets the answer finish when the core stops reading the call", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  await core.out.cancel("enough");
  client.feed.write(bytes(10)).catch(() => {});
  await assert.rejects(client.feed.closed);
  core.feed.write(bytes(3));
  core.feed.close();
  assert.equal((await client.out.read()).value?.length, 3);
  assert.ok((await client.out.read()).done);
  assert.equal((await summary).outcome, "done");
});

Deno.test("spliceCall() ends a call that exceeds bytesPerCall and passes none of the excess", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, limits);
  client.feed.write(bytes(1_000));
  assert.equal((await core.out.read()).value?.length, 1_000);
  client.feed.write(bytes(1));
  assert.equal((await summary).outcome, "tooLarge");
  await assert.rejects(core.out.read());
});

Deno.test("spliceCall() ends a call that stays unfinished and unanswered for halfOpenMs", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, { ...limits, halfOpenMs: 50 });
  client.feed.write(bytes(1));
  await core.out.read();
  assert.equal((await summary).outcome, "halfOpen");
});

Deno.test("spliceCall() lets a finished call wait longer than halfOpenMs, and an answered one continue", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, { ...limits, halfOpenMs: 30 });
  client.feed.close();
  await new Promise((resolve) => setTimeout(resolve, 150));
  core.feed.write(bytes(2));
  assert.equal((await client.out.read()).value?.length, 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  core.feed.close();
  assert.ok((await client.out.read()).done);
  assert.equal((await summary).outcome, "done");
});

Deno.test("spliceCall() ends a call whose client reads nothing for stallMs", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, { ...limits, stallMs: 50 });
  client.feed.close();
  for (let index = 0; index < 5; index++) core.feed.write(bytes(10)).catch(() => {});
  assert.equal((await summary).outcome, "stalled");
});

Deno.test("spliceCall() stops the core while the client reads nothing", async () => {
  const client = makeSide();
  const core = makeSide(1);
  spliceCall(client.duplex, core.duplex, limits);
  core.feed.closed.catch(() => {});
  let taken = 0;
  for (let index = 0; index < 50; index++) core.feed.write(bytes(1)).then(() => taken++, () => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(taken < 10, `${taken} chunks were taken`);
  client.feed.abort().catch(() => {});
});

Deno.test("spliceCall() aborts when its signal does", async () => {
  const client = makeSide();
  const core = makeSide();
  const abort = new AbortController();
  const summary = spliceCall(client.duplex, core.duplex, limits, abort.signal);
  abort.abort();
  assert.equal((await summary).outcome, "client");
  assert.equal((await spliceCall(makeSide().duplex, makeSide().duplex, limits, abort.signal)).outcome, "client");
});

Deno.test("SERVERS 6: spliceCall() is over when the core has answered, whatever its caller still sends", async () => {
  const client = makeSide();
  const core = makeSide();
  const summary = spliceCall(client.duplex, core.duplex, { ...limits, halfOpenMs: 5_000 });
  client.feed.write(bytes(10));
  await core.out.read();
  core.feed.write(bytes(4));
  core.feed.close();
  assert.equal((await client.out.read()).value?.length, 4);
  assert.ok((await client.out.read()).done, "the answer is whole");
  assert.deepEqual(await summary, { outcome: "done", bytesToCore: 10, bytesFromCore: 4 });
  await assert.rejects(client.feed.write(bytes(1)), "the caller is told to stop");
  await assert.rejects(core.out.read(), "the core is told that no more comes");
});

Deno.test("SERVERS 6: Splice.end() answers E005 where nothing was answered yet", async () => {
  const client = makeSide();
  const core = makeSide();
  const splice = new Splice(client.duplex, core.duplex, limits);
  client.feed.write(bytes(10));
  await core.out.read();
  assert.equal(splice.state().isUnfinished, true);
  splice.end();
  assert.deepEqual((await client.out.read()).value, callRefusal.tooMany);
  assert.ok((await client.out.read()).done);
  assert.equal((await splice.finished).outcome, "displaced");
  await assert.rejects(core.out.read());
});

Deno.test("SERVERS 3: Splice.state() tells for how long one side has taken no bytes", async () => {
  const client = makeSide();
  const core = makeSide();
  const splice = new Splice(client.duplex, core.duplex, limits);
  client.feed.close();
  for (let index = 0; index < 5; index++) core.feed.write(bytes(10)).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(splice.state().stalledMs >= 90, `${splice.state().stalledMs} ms`);
  assert.equal(splice.state().isUnfinished, false);
  splice.end();
});
