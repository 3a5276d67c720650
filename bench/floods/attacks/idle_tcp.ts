/** Idle TCP connections to the HTTP port. */

import { connect, type Socket } from "node:net";
import type { Attack } from "../attack.ts";

const connections = 1_000;
const addresses = 8;
const pauseMs = 5;

export const attack: Attack = {
  what: "1,000 idle TCP connections from eight addresses to the HTTP port, made again whenever one ends",
  run({ httpPort }, signal) {
    const open = new Set<Socket>();
    const again = (index: number) => {
      if (signal.aborted) return;
      const socket = connect({ host: "127.0.0.1", port: httpPort, localAddress: `127.0.1.${index % addresses + 1}` });
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        setTimeout(() => again(index), pauseMs);
      });
    };
    for (let index = 0; index < connections; index++) again(index);
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        for (const socket of open) socket.destroy();
        resolve();
      }, { once: true });
    });
  },
};
