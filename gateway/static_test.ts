/** The files of the app over HTTP: types, caching, compression, and no access outside of the folder. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { httpTest, rawRequest, writeSite } from "./testing/http.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The files of a test are older than those that may still be copied. */
const later = { now: () => Date.now() + 60_000 };

httpTest("files have their types, caching rules and HEAD", async (test) => {
  await writeSite(test);
  const expected: [string, string, string][] = [
    ["/", "text/html; charset=utf-8", "no-cache, no-transform"],
    ["/index.html", "text/html; charset=utf-8", "no-cache, no-transform"],
    ["/sw.js", "text/javascript; charset=utf-8", "no-cache, no-transform"],
    ["/manifest.webmanifest", "application/manifest+json; charset=utf-8", "no-cache, no-transform"],
    ["/assets/app-3f2a.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable, no-transform"],
    ["/assets/argon2-77.wasm", "application/wasm", "public, max-age=31536000, immutable, no-transform"],
  ];
  for (const [path, type, caching] of expected) {
    for (const method of ["GET", "HEAD"]) {
      const response = await fetch(test.origin + path, { method, headers: { "accept-encoding": "identity" } });
      assert.deepEqual([response.status, response.headers.get("content-type"), response.headers.get("cache-control")], [
        200,
        type,
        caching,
      ], path);
      assert.equal((await response.arrayBuffer()).byteLength > 0, method === "GET");
    }
  }
}, later);

httpTest("a file's compressed sibling is served to who accepts it, and an ETag answers 304", async (test) => {
  await writeSite(test);
  const get = (acceptEncoding: string, more = "") =>
    rawRequest(
      test,
      "GET /assets/app-3f2a.js HTTP/1.1\nhost: localhost\nconnection: close\n" +
        `accept-encoding: ${acceptEncoding}\n${more}\n`,
    );
  assert.match(await get("gzip, br"), /content-encoding: br[^]*\r\n\r\nbrotli$/);
  assert.match(await get("gzip, br;q=0"), /content-encoding: gzip[^]*\r\n\r\ngzipped$/);
  const plain = await get("identity");
  assert.match(plain, /\r\n\r\nplain script$/);
  assert.doesNotMatch(plain, /content-encoding/);
  const etag = (await get("br")).match(/etag: (".*")/)?.[1];
  assert.match(await get("br", `if-none-match: W/${etag}\n`), /^HTTP\/1.1 304 [^]*\r\n\r\n$/);
  assert.match(await get("gzip", `if-none-match: ${etag}\n`), /^HTTP\/1.1 200 /);
});

httpTest(
  "CONVERSATIONS: what is below /media/ comes from the service worker alone: no page and no file",
  async (test) => {
    await writeSite(test);
    for (const path of ["/media", "/media/", "/media/00112233445566778899aabbccddeeff", "/%6dedia/x"]) {
      const response = await fetch(test.origin + path, {
        headers: { accept: "text/html,*/*", "sec-fetch-dest": "document" },
      });
      assert.deepEqual([response.status, await response.text()], [404, "not found\n"], path);
    }
  },
);

httpTest(
  "a navigation to a path of the app gets the page; missing files, hidden files and everything outside are 404",
  async (test) => {
    await writeSite(test);
    const page = await fetch(`${test.origin}/chat/7`, { headers: { accept: "text/html,*/*" } });
    assert.equal(await page.text(), "<!doctype html>page");
    const paths = [
      "/missing.js",
      "/assets/missing-1.js",
      "/chat/7",
      "/.env",
      "/assets/",
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/..%5csecret.txt",
      "/%00",
      "/%ff",
      "//etc/passwd",
      "/link.txt",
      "/index.html/x",
      "/c:/x",
      "/assets%2f..%2f.env",
    ];
    for (const path of paths) {
      const answer = await rawRequest(test, `GET ${path} HTTP/1.1\nhost: localhost\nconnection: close\n\n`);
      assert.match(answer, /^HTTP\/1.1 40[04] /, path);
      assert.doesNotMatch(answer, /secret|hidden|root:/, path);
    }
  },
);

httpTest(
  "SERVERS 10: an ETag is the SHA-256 of what is sent, as in the build's manifest, while files are copied",
  async (test) => {
    await writeSite(test);
    const root = test.config.webRoot;
    const ask = async (path: string, acceptEncoding = "identity") => {
      const response = await fetch(test.origin + path, { headers: { "accept-encoding": acceptEncoding } });
      return {
        text: await response.text(),
        etag: response.headers.get("etag"),
        rule: response.headers.get("cache-control"),
      };
    };
    const [before, after] = ["<!doctype html>page", "<!doctype html>next"];
    // A manifest that arrives before its files.
    const files = { "index.html": sha256(after) };
    await Deno.writeTextFile(`${root}/build-manifest.json`, JSON.stringify({ version: 2, files }));
    const time = new Date(0);
    await Deno.utime(`${root}/index.html`, time, time);
    for (let round = 0; round < 2; round++) {
      const { text, etag } = await ask("/");
      assert.deepEqual([text, etag], [before, `"${sha256(before)}"`]);
    }
    // Of the same length and time.
    await Deno.writeTextFile(`${root}/index.html`, after);
    await Deno.utime(`${root}/index.html`, time, time);
    const { text, etag } = await ask("/");
    assert.deepEqual([text, etag], [after, `"${files["index.html"]}"`]);
    assert.equal((await ask("/assets/argon2-77.wasm")).etag, `"${sha256("\0".repeat(8))}"`);
    const response = await fetch(`${test.origin}/assets/app-3f2a.js`, { headers: { "accept-encoding": "br" } });
    await response.body?.cancel();
    assert.equal(response.headers.get("etag"), `"${sha256("brotli")}"`);
    assert.equal((await ask("/assets/app-3f2a.js")).rule, "no-cache, no-transform", "it may still be on its way");
  },
);

httpTest("SERVERS 4: clients that do not read their answers hold no open files", async (test) => {
  const root = test.config.webRoot;
  await Deno.writeFile(`${root}/large.wasm`, new Uint8Array(8_000_000));
  const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const { port } = new URL(test.origin);
  const before = openFiles();
  const connections = await Promise.all(Array.from({ length: 60 }, async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await connection.write(new TextEncoder().encode("GET /large.wasm HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    await connection.read(new Uint8Array(100));
    return connection;
  }));
  // Both ends of each connection are in this process.
  assert.ok(openFiles() < before + 2 * connections.length + 30, `${openFiles()} open files, ${before} before`);
  for (const connection of connections) connection.close();
}, later);

httpTest("SERVERS 4: a file that was sent before needs no other thread, all of which may be busy", async (test) => {
  await writeSite(test);
  const load = async () => (await fetch(`${test.origin}/`)).text();
  const page = await load();
  const { realPath, stat, readFile } = Deno;
  Object.assign(Deno, { realPath: never, stat: never, readFile: never });
  try {
    assert.equal(await load(), page);
  } finally {
    Object.assign(Deno, { realPath, stat, readFile });
  }
}, later);

function never(): Promise<never> {
  return Promise.reject(new Error("every thread is busy"));
}
