import assert from "node:assert/strict";
import { GarbageCount } from "../server-common/garbage.ts";
import { makeLog } from "../server-common/log.ts";
import { AddressPlaces } from "../server-common/address_places.ts";
import { greedyCalls, greedyCallsOfAddress, relieve } from "./memory_watch.ts";

/** @param unread of each connection, by its name; `addresses`: those that have one of their own */
function rig(
  unread: Record<string, number>,
  { residentBytes = 1000, addresses = {} }: { residentBytes?: number; addresses?: Record<string, string> } = {},
) {
  const closed: string[] = [];
  const cut: string[] = [];
  const halfSent = new AddressPlaces({ total: 1000, perAddress: 1000 });
  const ended = new GarbageCount(1, 60_000);
  // The first look when memory is short only collects garbage.
  ended.isDue(performance.now(), true);
  const connections = Object.entries(unread).map(([name, count]) => ({
    isGateway: name === "gateway",
    remoteAddress: addresses[name] ?? "192.0.2.1",
    unread: count,
    close: () => void closed.push(name),
  }));
  const look = () =>
    relieve({
      limitBytes: 1000,
      connections,
      halfSent,
      ended,
      log: makeLog("error", () => {}),
      residentBytes: () => residentBytes,
    });
  return { closed, cut, halfSent, look };
}

Deno.test("SERVERS 3: while memory is short, one client's connection is closed, with most unread calls", () => {
  const { closed, look } = rig({ ann: 2, bob: greedyCalls, mallory: 190, gateway: 1000 });
  look();
  assert.deepEqual(closed, ["mallory"]);
});

Deno.test("SERVERS 3: nobody is closed while there is memory, or who holds a few calls", () => {
  const enough = rig({ mallory: 190 }, { residentBytes: 999 });
  enough.look();
  const few = rig({ ann: greedyCalls - 1 });
  few.look();
  assert.deepEqual([...enough.closed, ...few.closed], []);
});

Deno.test("SERVERS 3: an address that fills memory by many connections with few calls each loses all of these", () => {
  const count = Math.ceil(greedyCallsOfAddress / (greedyCalls - 1));
  const attack = (address: (index: number) => string, connections: number) => {
    const names = Array.from({ length: connections }, (_, index) => `mallory ${index}`);
    const addresses = Object.fromEntries(names.map((name, index) => [name, address(index)]));
    const unread = Object.fromEntries(names.map((name) => [name, greedyCalls - 1]));
    const { closed, look } = rig({ ann: 15, idle: 0, ...unread }, { addresses });
    look();
    return closed.length === names.length && closed.every((name) => names.includes(name));
  };
  assert.equal(attack(() => "198.51.100.1", count), true);
  assert.equal(attack(() => "198.51.100.1", count - 1), false);
  assert.equal(attack((index) => `2001:db8:0:${index}::1`, 4 * count), true, "a network of the size /56");
});

Deno.test("SERVERS 3: behind a gateway, half of the calls that are being read end, the greediest first", () => {
  const { closed, cut, halfSent, look } = rig({ gateway: 30 });
  for (let call = 0; call < 10; call++) halfSent.take(`203.0.113.${call}`, () => cut.push("honest"));
  for (let call = 0; call < 30; call++) halfSent.take("198.51.100.1", () => cut.push("mallory"));
  look();
  assert.deepEqual([closed, cut], [[], Array(20).fill("mallory")]);
});
