/** Requests whose Host header is none. */

import { connect } from "node:net";
import type { Attack } from "../attack.ts";

const lanes = 16;
/** Pipelined requests that are sent together. */
const together = 8;
const pauseMs = 5;
const host = "a b".padEnd(15_000, "x");
const request = `GET /.well-known/quicproquo.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

export const attack: Attack = {
  what: "16 connections send requests with a Host of 15 kB that is no host, as fast as they are answered",
  async run({ httpPort }, signal) {
    const once = () =>
      new Promise<void>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port: httpPort, localAddress: "127.0.3.1" });
        const end = () => void socket.destroy();
        signal.addEventListener("abort", end, { once: true });
        socket.on("error", () => {}).on("close", () => {
          signal.removeEventListener("abort", end);
          resolve();
        });
        socket.on("connect", () => socket.write(request.repeat(together)));
        socket.on("data", () => socket.write(request));
      });
    const lane = async () => {
      while (!signal.aborted) {
        await once();
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  },
};
