import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { UdpRelay } from "./udp_relay.ts";
import { waitUntil } from "./wait_until.ts";

const until = (look: () => boolean) => waitUntil(look, new Set(), 5_000, async () => "no such packets in 5 s");

async function socket(): Promise<Socket> {
  const bound = createSocket("udp4").bind(0, "127.0.0.1");
  await once(bound, "listening");
  return bound;
}

/** A server that answers each packet, a relay before it, and a client that collects the answers. */
async function network(random?: () => number) {
  const server = await socket();
  const ports: number[] = [];
  server.on("message", (packet, { port }) => {
    ports.push(port);
    server.send(packet, port, "127.0.0.1");
  });
  const relay = await UdpRelay.open(server.address().port, random);
  const client = await socket();
  const heard: string[] = [];
  client.on("message", (packet) => heard.push(packet.toString()));
  return {
    relay,
    ports,
    heard,
    say: (text: string) => client.send(text, relay.port, "127.0.0.1"),
    end: () => [client, server, relay].forEach((end) => end.close()),
  };
}

Deno.test("a relay passes packets both ways, and none while it is dark", async () => {
  const { relay, heard, say, end } = await network();
  say("one");
  await until(() => heard.length === 1);
  relay.isDark = true;
  say("two");
  await new Promise((resolve) => setTimeout(resolve, 50));
  relay.isDark = false;
  say("three");
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ["one", "three"]);
  end();
});

Deno.test("after a rebinding the server sees the client at another port, and the client is answered", async () => {
  const { relay, ports, heard, say, end } = await network();
  say("one");
  await until(() => heard.length === 1);
  relay.rebind();
  say("two");
  await until(() => heard.length === 2);
  assert.notEqual(ports[0], ports[1]);
  end();
});

Deno.test("a packet that is reordered comes after one that was sent later; a dropped one never comes", async () => {
  // Draws in pairs for each packet: dropped? reordered? The first is overtaken on its way in, the third is lost.
  const draws: Record<string, number[]> = { one: [1, 0], two: [1, 1], three: [0], four: [1, 1] };
  let next: number[] = [];
  const { relay, heard, say, end } = await network(() => next.shift() ?? 1);
  [relay.dropShare, relay.reorderShare, relay.holdMs] = [0.5, 0.5, 500];
  for (const [text, decisions] of Object.entries(draws)) {
    next = decisions;
    say(text);
    await until(() => next.length === 0);
  }
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ["two", "four", "one"]);
  end();
});
