/** The HTTP server over HTTP/1.1, HTTP/1.1 with TLS, and HTTP/2: bodies, flow control, ends, certificates. */

import assert from "node:assert/strict";
import type { HttpRequest } from "./http_exchange.ts";
import { HttpServer } from "./http_server.ts";
import type { KeyPairPem } from "./self_signed_certificate.ts";
import { makePair } from "./testing/http_pair.ts";
import { textResponse } from "./text_response.ts";
import { until } from "../schema/testing/until.ts";

type Handle = (request: HttpRequest) => Response | Promise<Response>;
type Way = "HTTP/1.1" | "HTTP/1.1 with TLS" | "HTTP/2";

const ways: Way[] = ["HTTP/1.1", "HTTP/1.1 with TLS", "HTTP/2"];

interface Running {
  server: HttpServer;
  origin: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

async function withServer(way: Way, handle: Handle, run: (running: Running) => Promise<void>): Promise<void> {
  const tls = way === "HTTP/1.1" ? undefined : await makePair();
  const server = await HttpServer.listen({ bind: "127.0.0.1", port: 0, tls, handle });
  const client = Deno.createHttpClient({
    caCerts: tls ? [tls.certificate] : [],
    http1: way !== "HTTP/2",
    http2: way === "HTTP/2",
  });
  const origin = `${tls ? "https" : "http"}://localhost:${server.port}`;
  const ask = (path: string, init: RequestInit = {}) => {
    const withClient: RequestInit & { client: Deno.HttpClient } = { ...init, client };
    return fetch(origin + path, withClient);
  };
  try {
    await run({ server, origin, fetch: ask });
  } finally {
    client.close();
    await server.close(0);
  }
}

function overEachWay(name: string, handle: () => Handle, run: (running: Running, way: Way) => Promise<void>): void {
  for (const way of ways) {
    Deno.test({
      name: `${way}: ${name}`,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: () => withServer(way, handle(), (running) => run(running, way)),
    });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const drop = (response: Response) => response.body?.cancel();

overEachWay("a body comes back byte for byte", () => ({ body }) => new Response(body), async ({ fetch }) => {
  for (const length of [0, 1, 70_000, 5_000_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
    const response = await fetch("/", { method: "POST", body: bytes });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  }
});

overEachWay(
  "the handler sees method, path, host, headers and peer",
  () => ({ method, url, headers, peer }) =>
    Response.json([method, url.pathname, url.search, url.host, headers.get("x-test"), peer.hostname, peer.port > 0]),
  async ({ server, fetch }) => {
    const response = await fetch("/a%20b//c?d=%2f", { method: "DELETE", headers: { "x-test": "e, f" } });
    const host = `localhost:${server.port}`;
    assert.deepEqual(await response.json(), ["DELETE", "/a%20b//c", "?d=%2f", host, "e, f", "127.0.0.1", true]);
  },
);

let taken = 0;
overEachWay("a sender whose body nobody reads is stopped", () => () => new Promise<Response>(() => {}), async (
  { fetch },
) => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await pause(0);
      sent += 100_000;
      controller.enqueue(new Uint8Array(100_000));
    },
  });
  const abort = new AbortController();
  const asking = fetch("/", { method: "POST", body, signal: abort.signal }).catch(() => {});
  let before = -1;
  for (let round = 0; round < 40 && sent !== before; round++) {
    before = sent;
    await pause(250);
  }
  assert.equal(sent, before, `${sent} bytes were taken, and more are`);
  assert.ok(sent > 0 && sent < 16_000_000, `${sent} bytes were taken`);
  abort.abort();
  await asking;
});

overEachWay("a sender that was stopped goes on when its body is read", () => async ({ body }) => {
  await pause(300);
  let length = 0;
  for await (const piece of body) {
    if (length % 10 === 0) await pause(1);
    length += piece.length;
  }
  return textResponse(200, String(length));
}, async ({ fetch }) => {
  const response = await fetch("/", { method: "POST", body: new Uint8Array(12_000_000) });
  assert.equal(await response.text(), "12000000\n");
});

overEachWay("an answer whose client takes nothing stops its source, and its client's end cancels it", () => () => {
  taken = 0;
  return new Response(
    new ReadableStream({
      pull(controller) {
        taken += 100_000;
        controller.enqueue(new Uint8Array(100_000));
      },
      cancel() {
        taken = -1;
      },
    }, { highWaterMark: 0 }),
  );
}, async ({ fetch }) => {
  const abort = new AbortController();
  const response = await fetch("/", { signal: abort.signal });
  const reader = response.body!.getReader();
  await reader.read();
  let before = -1;
  for (let round = 0; round < 40 && taken !== before; round++) {
    before = taken;
    await pause(250);
  }
  assert.equal(taken, before, `${taken} bytes were written, and more are`);
  assert.ok(taken < 32_000_000, `${taken} bytes were written`);
  abort.abort();
  await until(() => taken === -1, "the source is cancelled");
});

const ended = { count: 0 };
overEachWay(
  "an answer begins before its first piece, and ends when its client disconnects",
  () => () => new Response(new ReadableStream({ cancel: () => void ended.count++ }, { highWaterMark: 0 })),
  async ({ fetch }) => {
    const before = ended.count;
    const abort = new AbortController();
    const response = await fetch("/", { signal: abort.signal });
    assert.equal(response.status, 200);
    abort.abort();
    await until(() => ended.count === before + 1, "the answer is cancelled");
  },
);

overEachWay("an answer whose source fails is cut off, never taken for whole", () => () => {
  let pieces = 0;
  return new Response(
    new ReadableStream({
      pull(controller) {
        if (pieces++ === 3) throw new Error("broken");
        controller.enqueue(new Uint8Array(10));
      },
    }),
  );
}, async ({ fetch }) => {
  const response = await fetch("/");
  await assert.rejects(response.arrayBuffer());
});

overEachWay("a handler that throws is answered 500, and the next request is served", () => ({ url }) => {
  if (url.pathname === "/fault") throw new Error("a secret detail");
  return textResponse(200, "fine");
}, async ({ fetch }) => {
  const fault = await fetch("/fault");
  assert.deepEqual([fault.status, await fault.text()], [500, "internal error\n"]);
  assert.equal(await (await fetch("/")).text(), "fine\n");
});

overEachWay("HEAD gets the headers of GET and no body", () => () => textResponse(200, "twelve bytes"), async (
  { fetch },
) => {
  const response = await fetch("/", { method: "HEAD" });
  assert.equal(response.headers.get("content-length"), "13");
  assert.equal(await response.text(), "");
});

overEachWay(
  "an answer arrives while its call is still being sent, without waiting for the rest",
  () => () => textResponse(403, "no"),
  async ({ fetch }) => {
    for (let round = 0; round < 3; round++) {
      const endless = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await pause(1);
          controller.enqueue(new Uint8Array(1_000));
        },
      });
      const response = await fetch("/", { method: "POST", body: endless }).catch(() => undefined);
      if (response) assert.deepEqual([response.status, await response.text().catch(() => "no\n")], [403, "no\n"]);
    }
    assert.equal((await fetch("/")).status, 403);
  },
);

overEachWay("close() lets a request under way finish, and ends one that does not", () => async ({ url }) => {
  if (url.pathname === "/never") return new Response(new ReadableStream());
  await pause(300);
  return textResponse(200, "late");
}, async ({ server, origin, fetch }) => {
  const late = fetch("/late");
  const never = await fetch("/never");
  const cut = assert.rejects(never.text());
  await pause(100);
  const startedMs = performance.now();
  const closed = server.close(1_000);
  assert.equal(await (await late).text(), "late\n");
  await Promise.all([closed, cut]);
  assert.ok(performance.now() - startedMs >= 900, "the grace was used");
  await assert.rejects(globalThis.fetch(origin));
});

Deno.test("close() does not wait for idle connections", () =>
  withServer("HTTP/1.1", () => textResponse(200, "x"), async ({ server, fetch }) => {
    await drop(await fetch("/"));
    const startedMs = performance.now();
    await server.close(5_000);
    assert.ok(performance.now() - startedMs < 2_500);
  }));

Deno.test({
  name: "a replaced certificate is shown to new connections, and the open ones go on",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    for (const http2 of [false, true]) {
      const [first, second] = [await makePair(), await makePair()];
      let say: (text: string) => void = () => {};
      const server = await HttpServer.listen({
        bind: "127.0.0.1",
        port: 0,
        tls: first,
        handle: ({ url }) => {
          if (url.pathname !== "/slow") return textResponse(200, "short");
          return new Response(
            new ReadableStream({
              start(controller) {
                say = (text) => controller.enqueue(new TextEncoder().encode(text));
              },
            }),
          );
        },
      });
      const ask = async (path: string, { certificate }: KeyPairPem) => {
        const client = Deno.createHttpClient({ caCerts: [certificate], http1: !http2, http2 });
        const init: RequestInit & { client: Deno.HttpClient } = { client };
        const response = await fetch(`https://localhost:${server.port}${path}`, init).catch((error) => {
          client.close();
          throw error;
        });
        return { response, client };
      };
      const slow = await ask("/slow", first);
      const reader = slow.response.body!.getReader();
      server.replaceCertificate(second);
      const fresh = await ask("/", second);
      assert.equal(await fresh.response.text(), "short\n");
      await assert.rejects(ask("/", first));
      say("after");
      assert.equal(new TextDecoder().decode((await reader.read()).value), "after");
      await reader.cancel();
      for (const { client } of [slow, fresh]) client.close();
      await server.close(0);
    }
  },
});

async function rawAnswer(port: number, text: string): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  return await new Response(conn.readable).text();
}

Deno.test({
  name: "garbage, odd targets and hosts that no URL can hold are answered and never end the server",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withServer("HTTP/1.1", ({ url }) => textResponse(200, `${url.host}${url.pathname}`), async ({ server, fetch }) => {
      const get = (target: string, host = "localhost") =>
        rawAnswer(server.port, `GET ${target} HTTP/1.1\nhost: ${host}\nconnection: close\n\n`);
      assert.match(await get("//etc/passwd"), /\n\r\nlocalhost\/\/etc\/passwd\n$/);
      assert.match(await get("/../a/%2e%2e/b"), /\n\r\nlocalhost\/b\n$/);
      assert.match(await get("http://example.org/x", "Example.org:80"), /\n\r\nexample\.org\/x\n$/);
      assert.match(await get("ftp://example.org/"), /^HTTP\/1\.1 400 /);
      assert.match(await get("*"), /^HTTP\/1\.1 400 /);
      assert.match(await rawAnswer(server.port, "what is this\n\n"), /^HTTP\/1\.1 400 /);
      assert.equal((await fetch("/")).status, 200);
    }),
});
