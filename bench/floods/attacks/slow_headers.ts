/** Requests whose headers never end. */

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Attack } from "../attack.ts";
import { keepConnections } from "../connections.ts";

const addresses = 8;
const dripMs = 1_000;
const head = "POST /rpc HTTP/1.1\r\nHost: localhost\r\n";

function dripFrom(port: number, index: number): Socket {
  const plain = connect({ host: "127.0.0.1", port, localAddress: `127.0.2.${index % addresses + 1}` });
  const isTls = index % 2 === 1;
  const socket = isTls ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain;
  socket.on("error", () => {});
  socket.on(isTls ? "secureConnect" : "connect", () => socket.write(head));
  const drip = setInterval(() => void (socket.writable && socket.write("x-more: 1\r\n")), dripMs);
  plain.on("close", () => clearInterval(drip));
  return plain;
}

export const attack: Attack = {
  what: "500 connections from eight addresses send a header field a second, without end; half of them try TLS",
  run: ({ httpPort }, signal) =>
    keepConnections({ connections: 500, pauseMs: 20, connect: (index) => dripFrom(httpPort, index) }, signal),
};
