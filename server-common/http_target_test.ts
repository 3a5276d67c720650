import assert from "node:assert/strict";
import { HttpServer } from "./http_server.ts";
import { makePair } from "./testing/http_pair.ts";
import { readTarget } from "./http_target.ts";
import { textResponse } from "./text_response.ts";

const read = (target: string, ...hosts: string[]) => readTarget({ target, hosts, scheme: "http" })?.href;

Deno.test("SERVERS 5: readTarget() takes a path or a URL of the one host that is named", () => {
  assert.equal(read("/a?b", "Example.org:8080"), "http://example.org:8080/a?b");
  assert.equal(read("//a/b", "example.org"), "http://example.org//a/b");
  assert.equal(read("/", "[::1]:8080"), "http://[::1]:8080/");
  assert.equal(read("/", "my_host.", "my_host."), "http://my_host./");
  assert.equal(read("HTTP://example.org/x", "example.org:80"), "http://example.org/x");
  assert.equal(read("https://example.org:443", "example.org"), "https://example.org/");
});

Deno.test("SERVERS 5: readTarget() refuses missing, unequal and malformed hosts, and other targets", () => {
  assert.equal(read("/"), undefined);
  assert.equal(read("/", "a", "b"), undefined);
  const hosts = [
    "",
    " ",
    "a b",
    "a@b",
    "a:b@c",
    "a/b",
    "a?b",
    "a#b",
    "a\\b",
    "a:",
    "a:b",
    "a:99999",
    "a:123456",
    ":80",
  ];
  const others = ["[::1", "[::g]", "-a", "a-", "é.org", "a\r\nb", "a%41", "a".repeat(260), "256.1.1.1", "a..b:80:80"];
  for (const host of [...hosts, ...others]) assert.equal(read("/", host), undefined, JSON.stringify(host));
  const targets = ["*", "", "a", "a:80", "ftp://a/", "file:///a", "javascript:1", "http:a", "http:/a", "http:\\\\a/"];
  const foreign = [
    "http://b/",
    "http://a:81/",
    "http://u@a/",
    "http://u:p@a/",
    "http://@a/",
    "http://a:80@b/",
    "http://",
  ];
  for (const target of [...targets, ...foreign]) assert.equal(read(target, "a"), undefined, target);
});

async function rawAnswer(port: number, text: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  return await new Response(connection.readable).text().catch(() => "cut off");
}

Deno.test({
  name: "SERVERS 5: a malformed request meets the limits first, then gets 400, and never the handler",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const seen = { limited: 0, handled: 0 };
    let refuse = false;
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      limit: () => {
        seen.limited++;
        return Promise.resolve(refuse ? textResponse(429, "too many") : undefined);
      },
      handle: () => {
        seen.handled++;
        return textResponse(200, "fine");
      },
    });
    const end = "Connection: close\n\n";
    const malformed = [
      `GET / HTTP/1.1\nHost: a b\n${end}`,
      `GET / HTTP/1.1\nHost: ${"x".repeat(9_000)}@b\n${end}`,
      `GET / HTTP/1.1\nHost: a\nHost: b\n${end}`,
      `GET http://b/ HTTP/1.1\nHost: a\n${end}`,
      `GET ftp://a/ HTTP/1.1\nHost: a\n${end}`,
      `OPTIONS * HTTP/1.1\nHost: a\n${end}`,
    ];
    for (const [index, text] of malformed.entries()) {
      assert.match(await rawAnswer(server.port, text), /^HTTP\/1\.1 400 /, text.slice(0, 60));
      assert.equal(seen.limited, index + 1);
    }
    assert.match(
      await rawAnswer(server.port, `GET / HTTP/1.1\nHost: a\nExpect: something\n${end}`),
      /^HTTP\/1\.1 417 /,
    );
    refuse = true;
    for (const text of [...malformed, `POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 9\n${end}`]) {
      assert.match(await rawAnswer(server.port, text), /^HTTP\/1\.1 429 /, text.slice(0, 60));
    }
    // What is no HTTP ends its connection.
    const garbage = [
      `GET / HTTP/1.1\n${end}`,
      `GET / HTTP/1.1\nHost: a\n folded\n${end}`,
      `CONNECT a:80 HTTP/1.1\nHost: a:80\n${end}`,
      `GET /\nHost: a\n\n`,
    ];
    for (const text of garbage) assert.match(await rawAnswer(server.port, text), /^(HTTP\/1\.1 4|$|cut off)/, text);
    assert.equal(seen.handled, 0);
    refuse = false;
    assert.match(await rawAnswer(server.port, `GET / HTTP/1.1\nHost: a\n${end}`), /^HTTP\/1\.1 200 /);
    await server.close(0);
  },
});

Deno.test({
  name: "SERVERS 5: a client that expects 100-continue gets it when its body is read",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const handle = async ({ body, url }: { body: ReadableStream<Uint8Array<ArrayBuffer>>; url: URL }) =>
      textResponse(200, url.pathname === "/read" ? await new Response(body).text() : "not read");
    const server = await HttpServer.listen({ bind: "127.0.0.1", port: 0, handle });
    const ask = async (path: string) => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      const send = (text: string) => connection.write(new TextEncoder().encode(text));
      await send(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 4\r\n\r\n`,
      );
      let text = "";
      for await (const piece of connection.readable) {
        text += new TextDecoder().decode(piece);
        if (text.startsWith("HTTP/1.1 100 Continue\r\n\r\n") && !text.includes("200")) await send("body");
      }
      return text;
    };
    assert.match(await ask("/read"), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*body\n$/);
    assert.match(await ask("/other"), /^HTTP\/1\.1 200 [^]*not read\n$/);
    await server.close(0);
  },
});

Deno.test({
  name: "SERVERS 5: over HTTP/2 a malformed authority gets 400, and CONNECT gets no further",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const { connect } = await import("node:http2");
    let handled = 0;
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      tls: await makePair(),
      handle: () => {
        handled++;
        return textResponse(200, "fine");
      },
    });
    const status = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const session = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
        session.on("error", () => resolve(0)).on("close", () => resolve(0));
        const stream = session.request(headers);
        stream.on("response", (answer) => resolve(Number(answer[":status"])));
        stream.on("error", () => resolve(0)).on("close", () => session.destroy());
        stream.resume();
      });
    const get = (authority: string) => status({ ":method": "GET", ":path": "/", ":authority": authority });
    assert.equal(await get("localhost"), 200);
    for (const authority of ["user@localhost", "a b", "localhost:x"]) {
      assert.ok([0, 400].includes(await get(authority)));
    }
    assert.ok([0, 400, 405].includes(await status({ ":method": "CONNECT", ":authority": "localhost:80" })));
    assert.equal(await get("localhost"), 200);
    assert.equal(handled, 2);
    await server.close(0);
  },
});

Deno.test({
  name: "SERVERS 5: nothing of a request is copied before its limits",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const { set } = Headers.prototype;
    const copied: string[] = [];
    Headers.prototype.set = function (name, value) {
      copied.push(name);
      set.call(this, name, value);
    };
    let isRefused = true;
    const server = await HttpServer.listen({
      bind: "127.0.0.1",
      port: 0,
      limit: async ({ header }) => {
        await Promise.resolve();
        return isRefused ? textResponse(429, `too many of ${header("x-one")}`) : undefined;
      },
      handle: ({ headers }) => textResponse(200, `fine: ${headers.get("x-one")}`),
    });
    const request = "GET / HTTP/1.1\nHost: a\nX-One: 1\nConnection: close\n\n";
    try {
      assert.match(await rawAnswer(server.port, request), /^HTTP\/1\.1 429 [^]*too many of 1\n$/);
      assert.deepEqual(copied, []);
      isRefused = false;
      assert.match(await rawAnswer(server.port, request), /^HTTP\/1\.1 200 [^]*fine: 1\n$/);
    } finally {
      Headers.prototype.set = set;
      await server.close(0);
    }
  },
});
