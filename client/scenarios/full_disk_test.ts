/** A full disk, of the server and of the device: people go on when there is room again, and nothing is lost. */

import assert from "node:assert/strict";
import { StreamLimit } from "../connection/stream_limit.ts";
import type { Transport } from "../connection/transport.ts";
import { suite } from "../testing/person.ts";

/** As over a network: a connection has so many streams at once. */
function limited(core: Transport, streams: number): Transport {
  return {
    connect: async (signal) => {
      const connection = await core.connect(signal);
      const limit = new StreamLimit(streams);
      return {
        transport: connection.transport,
        closed: connection.closed,
        close: () => connection.close(),
        openStream: (given) => limit.open(given, () => connection.openStream(given)),
      };
    },
  };
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

suite("a full disk of the server", {
  "PEOPLE B0: after the server's disk was full, everything is sent over the same connection": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    anna.wrapTransport = (core) => limited(core, 4);
    await anna.crash();
    await anna.connected();
    let connections = 0;
    anna.onEvent = (event) => void (event.kind === "connection" && connections++);
    let refused = 0;
    // What a core whose store can not write answers (E050).
    anna.refuses = (method) => method === "publish" && ++refused > 0;
    const sent = texts(12);
    for (const text of sent) await anna.says(chatId, text);
    await anna.until(() => refused >= 8, "eight refusals");
    anna.refuses = () => false;
    await bert.hears(chatId, anna.username, sent);
    await anna.settled(chatId);
    assert.equal(connections, 0, "it is the same connection");
  },
});
