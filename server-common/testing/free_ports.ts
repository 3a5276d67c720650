/** Ports for servers of tests, in Deno and in Node. */

import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ports that the system gives to sockets by itself (from 32,768 on Linux): while a server is away, or before
 * it starts, no other socket is given its port.
 */
const [firstPort, lastPort] = [20_000, 32_000];

/** @returns a TCP port of 127.0.0.1 on which nothing listens */
export const freeTcpPort = (): Promise<number> =>
  freePort((port) =>
    new Promise((resolve) => {
      const server = createServer().once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    })
  );

/** @returns a UDP port of 127.0.0.1 that no socket has */
export const freeUdpPort = (): Promise<number> =>
  freePort((port) =>
    new Promise((resolve) => {
      const socket = createSocket("udp4").once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
    })
  );

async function freePort(isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (;;) {
    const port = randomInt(firstPort, lastPort);
    if (await isFree(port)) return port;
  }
}
