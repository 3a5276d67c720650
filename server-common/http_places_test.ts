import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { guard } from "./http_gate.ts";
import { HttpPlaces, type Place } from "./http_places.ts";
import { HttpServer } from "./http_server.ts";
import { makePair } from "./testing/http_pair.ts";
import { textResponse } from "./text_response.ts";

/** Takes places and remembers who had to end. */
function port(options: ConstructorParameters<typeof HttpPlaces>[0]) {
  const places = new HttpPlaces(options);
  const ended: string[] = [];
  const take = (address: string, isBusy = false): Place | undefined => {
    const place = places.admit(address) ? places.add(address, () => ended.push(address)) : undefined;
    if (place && isBusy) places.begin(place);
    return place;
  };
  return { places, ended, take };
}

/** Connects so often, one after another. @returns which of them the server ends */
async function ended(port: number, times: number): Promise<boolean[]> {
  const isEnded: boolean[] = [];
  const sockets: Socket[] = [];
  for (let index = 0; index < times; index++) {
    const socket = connect({ host: "127.0.0.1", port });
    sockets.push(socket);
    isEnded.push(false);
    socket.on("error", () => {}).on("data", () => {}).on("close", () => isEnded[index] = true);
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()).once("close", () => resolve()));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const result = [...isEnded];
  for (const socket of sockets) socket.destroy();
  return result;
}

Deno.test("SERVERS 4: of an address above its places that connection ends which has got its answer", () => {
  const { places, take } = port({ connections: 10, connectionsPerAddress: 3 });
  let ended = "";
  places.add("192.0.2.1", () => ended = "waiting");
  const answered = places.add("192.0.2.1", () => ended = "answered");
  places.begin(answered);
  places.end(answered);
  take("192.0.2.1", true);
  assert.ok(take("192.0.2.1"));
  assert.equal(ended, "answered");
});

Deno.test("SERVERS 4: an address above its places loses an idle connection, and else gets no further one", () => {
  const { places, ended, take } = port({ connections: 10, connectionsPerAddress: 2 });
  const first = take("192.0.2.1")!;
  assert.ok(take("192.0.2.1"));
  places.begin(first);
  assert.ok(take("192.0.2.1", true));
  assert.deepEqual(ended, ["192.0.2.1"]);
  assert.equal(take("192.0.2.1"), undefined, "both are busy");
  assert.ok(take("192.0.2.2"));
  assert.equal(ended.length, 1);
});

Deno.test("SERVERS 4: a full port makes room at the cost of whoever has most, idle connections first", () => {
  const { places, ended, take } = port({ connections: 6, connectionsPerAddress: 4 });
  for (const _ of [1, 2, 3]) take("192.0.2.1", true);
  take("192.0.2.2");
  take("192.0.2.3", true);
  take("192.0.2.4", true);
  assert.ok(take("192.0.2.5", true));
  assert.deepEqual(ended, ["192.0.2.2"], "an idle one");
  assert.ok(take("192.0.2.6", true));
  assert.deepEqual(ended, ["192.0.2.2", "192.0.2.1"], "a busy one of the address with three");
  assert.equal(take("192.0.2.1"), undefined, "it has as many as any other would then have");
  assert.ok(take("192.0.2.7", true));
  assert.equal(ended.length, 3);
  assert.equal(take("192.0.2.8"), undefined, "all have one");
  assert.equal(places.size, 6);
});

Deno.test("SERVERS 4: addresses of one /56 or /48 share its places", () => {
  const { ended, take } = port({ connections: 1_000, connectionsPerAddress: 2 });
  const of56 = (subnet: number) => `2001:db8:0:${(0x100 + subnet).toString(16)}::1`;
  for (let subnet = 0; subnet < 8; subnet++) assert.ok(take(of56(subnet), true));
  assert.equal(take(of56(8)), undefined);
  const otherOf48 = (subnet: number) => `2001:db8:0:${(0x200 + 0x100 * subnet).toString(16)}::1`;
  for (let subnet = 0; subnet < 24; subnet++) assert.ok(take(otherOf48(subnet), true));
  assert.equal(take(otherOf48(24)), undefined);
  assert.deepEqual(ended, []);
});

Deno.test("SERVERS 4: a trusted proxy may fill the port, and loses no busy connection to others", () => {
  const { ended, take } = port({
    connections: 4,
    connectionsPerAddress: 1,
    isTrusted: (address) => address === "192.0.2.1",
  });
  for (const _ of [1, 2, 3]) assert.ok(take("192.0.2.1", true));
  assert.ok(take("192.0.2.2", true));
  assert.equal(take("192.0.2.3"), undefined);
  assert.equal(take("192.0.2.1"), undefined, "nor does it take the only one of somebody");
  assert.deepEqual(ended, []);
});

Deno.test("SERVERS 4: an address opens so many connections a second, and three seconds' worth at once", () => {
  let full = 0;
  const options = { connections: 100, connectionsPerAddress: 100, connectionsPerSecond: 1, onFull: () => void full++ };
  const { take } = port(options);
  assert.equal(Array.from({ length: 8 }, () => take("192.0.2.1") !== undefined).filter(Boolean).length, 3);
  assert.ok(take("192.0.2.2"));
  assert.equal(full, 5);
});

Deno.test("SERVERS 4: who has many connections ends no fresh one of others, whose request may be on its way", () => {
  const { ended, take } = port({ connections: 5, connectionsPerAddress: 5 });
  for (const _ of [1, 2, 3, 4]) take("192.0.2.1", true);
  const fresh = take("192.0.2.2")!;
  assert.equal(take("192.0.2.1"), undefined);
  assert.deepEqual(ended, []);
  fresh.idleSinceMs -= 5_000;
  assert.ok(take("192.0.2.1", true), "an idle connection of long ago");
  assert.ok(take("192.0.2.3"), "one with less gets in at once");
  assert.deepEqual(ended, ["192.0.2.2", "192.0.2.1"]);
});

Deno.test("SERVERS 4: addresses with about as many connections take none of each other's, and others get in", () => {
  const { ended, take } = port({ connections: 201, connectionsPerAddress: 200 });
  for (let index = 0; index < 201; index++) take(`192.0.2.${index % 2}`);
  for (let index = 0; index < 50; index++) assert.equal(take(`192.0.2.${index % 2}`), undefined);
  assert.deepEqual(ended, []);
  for (let index = 0; index < 40; index++) assert.ok(take("192.0.2.9"));
  assert.deepEqual([...new Set(ended)].sort(), ["192.0.2.0", "192.0.2.1"]);
  assert.equal(ended.length, 40);
});

Deno.test("SERVERS 11: one client can not fill the port through a trusted proxy", () => {
  const proxy = "192.0.2.1";
  const { places, ended, take } = port({
    connections: 6,
    connectionsPerAddress: 2,
    isTrusted: (address) => address === proxy,
  });
  const request = (client: string) => {
    const place = take(proxy, true);
    if (place) places.attribute(place, client);
    return place;
  };
  const held = [1, 2, 3, 4, 5, 6].map(() => request("203.0.113.1")!);
  for (let index = 1; index <= 5; index++) assert.ok(request(`198.51.100.${index}`), `${index}`);
  assert.equal(ended.length, 5);
  assert.equal(request("198.51.100.6"), undefined, "all have one");
  for (const place of held) places.give(place);
  const last = request("198.51.100.6")!;
  places.end(last);
  assert.deepEqual(last.blocks, [], "between requests it is the proxy's");
  assert.equal(places.size, 6);
});

Deno.test("SERVERS 4: to make room, not each connection of an address is looked at", () => {
  const { places, ended } = port({ connections: 500, connectionsPerAddress: 500 });
  let looks = 0;
  for (let index = 0; index < 500; index++) {
    const address = `192.0.2.${index % 5}`;
    const place = places.add(address, () => ended.push(address));
    const { idleSinceMs } = place;
    Object.defineProperty(place, "idleSinceMs", { get: () => (looks++, idleSinceMs) });
  }
  assert.ok(places.admit("192.0.2.9"));
  assert.deepEqual(ended, ["192.0.2.0"]);
  assert.ok(looks <= 20, `${looks} looks`);
});

Deno.test("SERVERS 4: nothing is made for a connection that is refused", async () => {
  const asked: string[] = [];
  let made = 0;
  const server: Server = createServer((socket) => {
    made++;
    assert.ok(isAdmitted(socket.remoteAddress!));
    socket.on("error", () => {}).resume();
  });
  const isAdmitted = guard(server, (address) => asked.push(address) % 2 === 1);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  assert.deepEqual(await ended(port, 6), [false, true, false, true, false, true]);
  assert.equal(made, 3);
  assert.equal(asked.length, 6, "once for each");
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("SERVERS 4: an admitted connection takes one of its address's connections a second", async () => {
  for (const tls of [undefined, await makePair()]) {
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls,
      places: { connections: 100, connectionsPerAddress: 100, connectionsPerSecond: 1 },
      handle: () => textResponse(200, "fine"),
    });
    const staying = (await ended(server.port, 12)).filter((isEnded) => !isEnded).length;
    assert.ok(staying >= 3, `three seconds' worth come in at once, not ${staying}`);
    assert.ok(staying < 12, "and not all");
    await server.close(0);
  }
});
