/** The HTTP port while clients hold as many connections as they can, in a process with few file descriptors. */

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";

const options = { sanitizeOps: false, sanitizeResources: false };

interface Server {
  port: number;
  /** lines of its log until now */
  log: string[];
}

/** Runs a server that may have so many file descriptors. */
async function withServer(descriptors: number, args: string[], run: (server: Server) => Promise<void>): Promise<void> {
  const { pathname } = new URL("testing/http_process.ts", import.meta.url);
  const deno = [Deno.execPath(), "run", "-A", "--no-check", "--cached-only", pathname, ...args];
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...deno],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  const log: string[] = [];
  const logging = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log.push(text);
  })();
  try {
    await run({ port: Number(new TextDecoder().decode((await output.read()).value)), log });
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Promise.all([output.cancel(), logging]);
  }
}

/** Opens idle connections from some addresses of this machine. */
async function connects(port: number, count: number, addresses: string[]): Promise<Socket[]> {
  const one = (localAddress: string) =>
    new Promise<Socket>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress });
      socket.on("error", () => {}).on("connect", () => resolve(socket)).on("close", () => resolve(socket));
    });
  return await Promise.all(Array.from({ length: count }, (_, index) => one(addresses[index % addresses.length])));
}

/** @returns whether an honest request is answered within 3 s */
function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host: "127.0.0.1", port });
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on("error", () => {}).on("close", () => resolve(text.endsWith("here\n")));
    socket.on("data", (piece) => void (text += String(piece)));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
}

const oneAddress = ["127.0.0.2"];
const eightAddresses = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

for (const [who, addresses] of [["one address", oneAddress], ["eight addresses", eightAddresses]] as const) {
  Deno.test(
    `SERVERS 4: 1,000 idle connections of ${who} leave the port answering, meanwhile and afterwards`,
    options,
    () =>
      withServer(1_024, ["plain", "768", "128"], async ({ port, log }) => {
        const held = await connects(port, 1_000, addresses);
        for (let round = 0; round < 5; round++) assert.ok(await isAnswered(port), `round ${round}`);
        for (const connection of held) connection.destroy();
        for (let round = 0; round < 5; round++) assert.ok(await isAnswered(port), `afterwards, round ${round}`);
        assert.deepEqual(log, []);
      }),
  );
}

Deno.test(
  "SERVERS 4: a port that ran out of file descriptors is opened again",
  options,
  () =>
    withServer(256, ["plain", "1000", "1000"], async ({ port, log }) => {
      const held = await connects(port, 400, oneAddress);
      assert.equal(await isAnswered(port), false, "there are no descriptors");
      for (const connection of held) connection.destroy();
      const deadlineMs = Date.now() + 60_000;
      while (!await isAnswered(port)) {
        assert.ok(Date.now() < deadlineMs, "the port stays closed");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      assert.match(log.join(""), /"event":"http-port-opened-again"/);
      for (let round = 0; round < 5; round++) assert.ok(await isAnswered(port));
    }),
);
