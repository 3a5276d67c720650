/** What a hostile client of the HTTP server can not do: end the process, keep answers, mix answers up. */

import assert from "node:assert/strict";
import { connect as connectTls } from "node:tls";
import type { HttpRequest } from "./http_exchange.ts";
import { HttpServer } from "./http_server.ts";
import { makePair } from "./testing/http_pair.ts";
import { textResponse } from "./text_response.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

/** Everything that the server sends on one plain connection, until it ends. */
async function rawAnswer(port: number, request: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

async function withPlainServer(
  handle: (request: HttpRequest) => Response | Promise<Response>,
  run: (server: HttpServer) => Promise<void>,
): Promise<void> {
  const server = await HttpServer.listen({ bind: "127.0.0.1", port: 0, handle });
  try {
    await run(server);
  } finally {
    await server.close(0);
  }
}

/** A server in a process of its own, which `run` tries to end. */
async function survives(run: (port: number) => Promise<void>): Promise<void> {
  const child = start("http_process.ts", []);
  const reader = child.stdout.getReader();
  try {
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    await run(port);
    // An end shows a moment after its cause.
    const pause = new Promise<true>((resolve) => setTimeout(resolve, 200, true));
    assert.equal(await Promise.race([pause, child.status.then(() => false)]), true);
    await connects(port, []);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, which the test is about.
    }
    await child.status;
    await reader.cancel();
  }
}

function start(program: string, args: string[]): Deno.ChildProcess {
  const { pathname } = new URL(`testing/${program}`, import.meta.url);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", pathname, ...args],
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

const preface = [...new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")];
const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/** Connects, sends frames of HTTP/2, and is gone at once. Resolves when the connection is over. */
function connects(port: number, frames: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port, ALPNProtocols: ["h2"], rejectUnauthorized: false }, () => {
      socket.off("error", reject).on("error", () => {});
      // Without the end of TLS.
      socket.write(Uint8Array.from([...preface, ...settings, ...frames]), () => socket.destroy());
    });
    socket.on("error", reject);
    socket.on("data", () => {});
    socket.on("close", () => resolve());
  });
}

Deno.test(
  "a client that says GOAWAY, with and without a request before, does not end the process",
  options,
  () =>
    survives(async (port) => {
      // GET / over https, by the static table of HPACK (RFC 7541, appendix A), and an authority.
      const headers = [0x82, 0x87, 0x84, 0x41, 1, 0x61];
      const get = [0, 0, headers.length, 1, 5, 0, 0, 0, 1, ...headers];
      const goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
      for (let round = 0; round < 1_200; round++) await connects(port, round % 2 === 0 ? goaway : [...get, ...goaway]);
    }),
);

Deno.test(
  "a client that opens and resets streams without end does not end the process",
  options,
  () =>
    survives(async (port) => {
      await start("reset_streams.ts", [String(port)]).output();
    }),
);

Deno.test("the requests of one connection are served one after another, and all end with it", options, async () => {
  let running = 0;
  let most = 0;
  let cancelled = 0;
  const endless = () => {
    most = Math.max(most, ++running);
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
        cancel: () => {
          running--;
          cancelled++;
        },
      }, { highWaterMark: 0 }),
    );
  };
  await withPlainServer(endless, async ({ port }) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5)));
    const deadline = Date.now() + 20_000;
    while (most === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    connection.close();
    while (running > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([most, running, cancelled], [1, 0, 1]);
  });
});

Deno.test(
  "pipelined requests are answered in their order, and too many of them end the connection",
  options,
  async () => {
    let served = 0;
    const count = () => textResponse(200, `answer ${++served}`);
    await withPlainServer(count, async ({ port }) => {
      const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
      const answer = await rawAnswer(
        port,
        request.repeat(3) + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      );
      assert.deepEqual(answer.match(/answer \d/g), ["answer 1", "answer 2", "answer 3", "answer 4"]);
      await rawAnswer(port, request.repeat(200)).catch(() => "");
      assert.ok(served < 200, `${served} were served`);
      assert.match(await rawAnswer(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /answer/);
    });
  },
);

Deno.test("a header behind a thousand others is read, and two hosts are refused", options, async () => {
  const echo = ({ headers }: HttpRequest) => textResponse(200, headers.get("x-forwarded-for") ?? "none");
  await withPlainServer(echo, async ({ port }) => {
    const many = "p:\r\n".repeat(1_500);
    const end = "Connection: close\r\n\r\n";
    const read = await rawAnswer(port, `GET / HTTP/1.1\r\nHost: a\r\n${many}X-Forwarded-For: 192.0.2.7\r\n${end}`);
    assert.match(read, /192\.0\.2\.7/);
    assert.match(await rawAnswer(port, `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`), /^HTTP\/1\.1 400 /);
  });
});

Deno.test("a body that is not as long as announced cuts the connection off", options, async () => {
  for (const announced of [5, 20]) {
    const wrong = () =>
      new Response(new Blob(["0123456789"]).stream(), { headers: { "content-length": `${announced}` } });
    await withPlainServer(wrong, async ({ port }) => {
      const answer = await rawAnswer(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        .catch(() => "reset");
      assert.equal(answer.split("HTTP/1.1 200").length - 1 <= 1, true, answer);
    });
  }
});

Deno.test("close() ends a connection that never finishes its TLS handshake", options, async () => {
  const server = await HttpServer.listen({
    bind: "127.0.0.1",
    port: 0,
    tls: await makePair(),
    handle: () => textResponse(200, "x"),
  });
  const silent = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Without an end the wait would last as long as the handshake may, 120 s.
  const ended = await Promise.race([
    server.close(100).then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 30_000, false)),
  ]);
  assert.equal(ended, true);
  silent.close();
});

Deno.test(
  "every answer of known length ends, so that the next request of its connection is answered",
  options,
  async () => {
    const tls = await makePair();
    const length = 1_000;
    // As a file's, the body ends after its last piece.
    const body = async function* () {
      yield new Uint8Array(length);
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    const handle = () => new Response(ReadableStream.from(body()), { headers: { "content-length": `${length}` } });
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls,
      places: { connections: 1_000, connectionsPerAddress: 1_000 },
      handle,
    });
    const asksTwice = async () => {
      const connection = await Deno.connectTls({
        hostname: "localhost",
        port: server.port,
        caCerts: [tls.certificate],
      });
      const reader = connection.readable.getReader();
      const writer = connection.writable.getWriter();
      for (const request of ["first", "second"]) {
        await writer.write(new TextEncoder().encode(`GET /${request} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
        let text = "";
        while (!text.includes("\r\n\r\n") || text.length < text.indexOf("\r\n\r\n") + 4 + length) {
          text += new TextDecoder("latin1").decode((await reader.read()).value);
        }
      }
      connection.close();
    };
    let rounds = 0;
    const lane = async () => {
      while (rounds++ < 600) await asksTwice();
      return true;
    };
    const late = new Promise<false>((resolve) => setTimeout(resolve, 60_000, false));
    // One connection in a hundred hung.
    const all = Promise.all(Array.from({ length: 20 }, lane));
    assert.ok(await Promise.race([all, late]), "a request is not answered");
    await server.close(0);
  },
);
