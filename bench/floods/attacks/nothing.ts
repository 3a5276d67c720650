/** No attack on the servers: what it costs an honest user that somebody else uses the same two cores. */

import type { Attack } from "../attack.ts";

const datagramBytes = 1_200;
const atOnce = 64;

export const attack: Attack = {
  what: "nothing: the attacker sends datagrams to itself as fast as it can (the cost of sharing the cores)",
  async run(_, signal) {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.2.1", port: 0 });
    const datagram = new Uint8Array(datagramBytes);
    const received = (async () => {
      for await (const _ of socket);
    })();
    while (!signal.aborted) {
      await Promise.all(Array.from({ length: atOnce }, () => socket.send(datagram, socket.addr).catch(() => 0)));
    }
    socket.close();
    await received;
  },
};
