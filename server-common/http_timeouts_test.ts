/** When the HTTP port ends a connection whose client does nothing, or not enough. */

import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { HttpSender } from "./http_exchange.ts";
import { HttpServer } from "./http_server.ts";
import { makePair } from "./testing/http_pair.ts";
import { textResponse } from "./text_response.ts";

const options = { sanitizeOps: false, sanitizeResources: false };
/** A second is the least that Node's checks tell apart. */
const timeouts = { handshake: 1_000, headers: 1_000, idle: 2_000, stall: 1_000 };
/** How long a test waits for an end, which is late on a busy machine. */
const patienceMs = 20_000;

const text = (value: string) => [...new TextEncoder().encode(value)];
const preface = [...text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0, 0, 0, 4, 0, 0, 0, 0, 0];
/** GET / by the static table of HPACK (RFC 7541, appendix A), and an authority. */
const block = [0x82, 0x87, 0x84, 0x41, 1, 0x61];
/** HEADERS without END_HEADERS: the rest would come in a CONTINUATION (RFC 9113 §6.10). */
const halfHeaders = [0, 0, block.length, 1, 1, 0, 0, 0, 1, ...block];
const wholeRequest = [0, 0, block.length, 1, 5, 0, 0, 0, 1, ...block];

/** Connects, sends bytes, then more of them every 100 ms, and reads. @returns whether the server ends it */
function isEnded(port: number, alpn: string | undefined, first: number[], drip: number[] = []): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = alpn === undefined
      ? connect({ host: "127.0.0.1", port })
      : connectTls({ host: "127.0.0.1", port, ALPNProtocols: [alpn], rejectUnauthorized: false });
    const timer = setTimeout(() => resolve(false), patienceMs);
    let dripping: ReturnType<typeof setInterval> | undefined;
    socket.on(alpn === undefined ? "connect" : "secureConnect", () => {
      if (first.length > 0) socket.write(Uint8Array.from(first));
      if (drip.length > 0) dripping = setInterval(() => socket.write(Uint8Array.from(drip)), 100);
    });
    socket.on("error", () => {}).on("data", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      clearInterval(dripping);
      resolve(true);
    });
  });
}

Deno.test("SERVERS 4: a client that sends nothing, or headers without end, is cut off", options, async () => {
  const request = text("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const half = text("GET / HTTP/1.1\r\nHost: a\r\n");
  const field = text("x: 1\r\n");
  for (const tls of [undefined, await makePair()]) {
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls,
      timeouts,
      handle: () => textResponse(200, "fine"),
    });
    const alpn = tls && "http/1.1";
    const { port } = server;
    const ends = {
      silent: isEnded(port, alpn, []),
      halfHeaders: isEnded(port, alpn, half),
      headersWithoutEnd: isEnded(port, alpn, half, field),
      idleAfterAnAnswer: isEnded(port, alpn, request),
      headersWithoutEndAfterAnAnswer: isEnded(port, alpn, [...request, ...half], field),
      ...(tls && {
        noHandshake: isEnded(port, undefined, []),
        halfHandshake: isEnded(port, undefined, [22, 3, 1]),
        http2WithoutPreface: isEnded(port, "h2", []),
        http2WithoutStream: isEnded(port, "h2", preface),
        http2Pings: isEnded(port, "h2", preface, [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
        http2HalfHeaders: isEnded(port, "h2", [...preface, ...halfHeaders]),
        http2IdleAfterAnAnswer: isEnded(port, "h2", [...preface, ...wholeRequest]),
      }),
    };
    for (const [how, end] of Object.entries(ends)) assert.ok(await end, `${tls ? "HTTPS" : "HTTP"}: ${how} is kept`);
    await server.close(0);
  }
});

Deno.test("SERVERS 4: an answer that lasts, and its call, are not cut off", options, async () => {
  const tls = await makePair();
  for (const http2 of [true, false]) {
    const say = Promise.withResolvers<(text: string) => void>();
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls,
      timeouts,
      handle: () =>
        new Response(
          new ReadableStream({
            start: (controller) => say.resolve((text) => controller.enqueue(new TextEncoder().encode(text))),
          }),
        ),
    });
    const client = Deno.createHttpClient({ caCerts: [tls.certificate], http1: !http2, http2 });
    const init: RequestInit & { client: Deno.HttpClient } = { client };
    const reader = (await fetch(`https://localhost:${server.port}/`, init)).body!.getReader();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    (await say.promise)("late");
    assert.equal(new TextDecoder().decode((await reader.read()).value), "late");
    await reader.cancel();
    client.close();
    await server.close(0);
  }
});

Deno.test("SERVERS 4: an answer is cut off whose client takes nothing", options, async () => {
  const cancelled = Promise.withResolvers<true>();
  const server = await HttpServer.listen({
    bind: "127.0.0.1",
    port: 0,
    timeouts,
    handle: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
          cancel: () => cancelled.resolve(true),
        }, { highWaterMark: 0 }),
      ),
  });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  const late = new Promise<false>((resolve) => setTimeout(resolve, patienceMs, false));
  assert.ok(await Promise.race([cancelled.promise, late]), "its source goes on");
  connection.close();
  await server.close(0);
});

Deno.test(
  "SERVERS 4: of answers that nobody reads one address has 256, and another one has its own",
  options,
  async () => {
    const tls = await makePair();
    const [begun, underWay] = [new Map<string, number>(), new Map<string, number>()];
    const count = (counts: Map<string, number>, client: string, more: number) =>
      void counts.set(client, (counts.get(client) ?? 0) + more);
    const clientOf = ({ header }: Pick<HttpSender, "header">) => header("x-client") ?? "";
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls,
      clientOf,
      handle: (request) => {
        const client = request.headers.get("x-client") ?? "";
        count(begun, client, 1);
        count(underWay, client, 1);
        const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(100_000));
        const cancel = () => count(underWay, client, -1);
        return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }));
      },
    });
    const settings = { initialWindowSize: 0 };
    const ask = (client: string, requests: number) => {
      const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false, settings });
      session.on("error", () => {});
      for (let asked = 0; asked < requests; asked++) session.request({ "x-client": client }).on("error", () => {});
      return session;
    };
    const sessions = [ask("203.0.113.2", 10), ...[1, 2, 3, 4].map(() => ask("203.0.113.1", 100))];
    const deadlineMs = performance.now() + patienceMs;
    while (begun.get("203.0.113.1") !== 400 || underWay.get("203.0.113.1") !== 256) {
      assert.ok(performance.now() < deadlineMs, `${underWay.get("203.0.113.1")} answers that nobody reads`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(underWay.get("203.0.113.2"), 10);
    for (const session of sessions) session.destroy();
    await server.close(0);
  },
);
