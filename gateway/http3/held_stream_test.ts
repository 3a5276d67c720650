import assert from "node:assert/strict";
import { AddressUsage } from "../../server-common/address_usage.ts";
import { HeldStream, HeldStreamPlaces } from "./held_stream.ts";
import { StreamSource } from "./stream_source.ts";

function makeHolder(streams: number, shared: number) {
  const places = {
    streams: new HeldStreamPlaces(new AddressUsage(streams), shared),
    pieces: new AddressUsage(100),
    backedUp: new AddressUsage(1),
  };
  return (address: string, hasSession = true) => {
    const counts = { reads: 0, cancels: 0 };
    const readable = new ReadableStream({
      type: "bytes",
      pull(controller) {
        counts.reads++;
        if (counts.reads === 1) controller.byobRequest!.respond(5);
      },
      cancel: () => void counts.cancels++,
    });
    const source = new StreamSource(readable as ReadableStream<Uint8Array>, false);
    return { held: new HeldStream(source, Uint8Array.of(1, 2), places, { address, hasSession }), counts };
  };
}

Deno.test("SERVERS 3: of an address's streams that wait some are read, the others told to stop", async () => {
  const hold = makeHolder(2, 0);
  const [first, second, third] = [hold("192.0.2.1"), hold("192.0.2.1"), hold("192.0.2.1")];
  const other = hold("192.0.2.2");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([first, second, third, other].map(({ held }) => held.isOverfull), [false, false, true, false]);
  assert.deepEqual(third.counts, { reads: 0, cancels: 1 });
  assert.ok(first.counts.reads > 0);
  await assert.rejects(third.held.readable.getReader().read());
  // Who is taken up, or given up, waits no more.
  const reader = first.held.readable.getReader();
  assert.deepEqual((await reader.read()).value, Uint8Array.of(1, 2));
  assert.equal(hold("192.0.2.1").held.isOverfull, false);
  assert.equal(hold("192.0.2.1").held.isOverfull, true);
  await second.held.cancel();
  await second.held.cancel();
  assert.equal(hold("192.0.2.1").held.isOverfull, false);
  assert.equal(hold("192.0.2.1").held.isOverfull, true);
  assert.equal((await reader.read()).value?.length, 5);
});

Deno.test("SERVERS 3: of the streams that wait some more are read, beside those of each address", () => {
  const hold = makeHolder(2, 1);
  const isOverfull = (address: string, streams: number) =>
    Array.from({ length: streams }, () => hold(address).held.isOverfull);
  assert.deepEqual(isOverfull("192.0.2.1", 4), [false, false, false, true]);
  assert.deepEqual(isOverfull("192.0.2.2", 3), [false, false, true]);
});

/** How many of many streams are read, of an address that has none of its own. */
function readOf(hold: ReturnType<typeof makeHolder>, address: string | ((index: number) => string)) {
  const addressOf = typeof address === "string" ? () => address : address;
  const streams = Array.from({ length: 200 }, (_, index) => hold(addressOf(index)).held);
  return streams.filter(({ isOverfull }) => !isOverfull);
}

Deno.test("SERVERS 6: of the places that all waiting streams share, one address leaves the next its part", async () => {
  const hold = makeHolder(0, 96);
  const first = readOf(hold, "192.0.2.1");
  assert.equal(first.length, 48);
  assert.equal(readOf(hold, "192.0.2.2").length, 24);
  assert.equal(readOf(hold, "192.0.2.3").length, 12);
  for (const held of first) await held.cancel();
  assert.equal(readOf(hold, "192.0.2.4").length, 30, "what was given back is there for others, and half of it is left");
});

Deno.test("SERVERS 6: of the places that all waiting streams share, a /48 has the part of one address", () => {
  assert.equal(readOf(makeHolder(0, 96), (index) => `2001:db8:1:${index.toString(16)}::1`).length, 48);
});

Deno.test("SERVERS 6: a connection without a session takes none of the places that all waiting streams share", () => {
  const hold = makeHolder(1, 96);
  const early = () => hold("192.0.2.1", false).held.isOverfull;
  assert.deepEqual([early(), early(), early()], [false, true, true]);
  assert.equal(hold("192.0.2.1").held.isOverfull, false);
});
