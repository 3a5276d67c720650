/** The files of the app over HTTP: types, caching, compression, and no access outside of the folder. */
import assert from "node:assert/strict";
import { httpTest, rawRequest, writeSite } from "./testing/http.ts";

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
});

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

httpTest("a file of the build has its content's hash as ETag, whatever time the file has", async (test) => {
  await writeSite(test);
  const root = test.config.webRoot;
  const etagOf = async (path: string, acceptEncoding: string) => {
    const response = await fetch(test.origin + path, { headers: { "accept-encoding": acceptEncoding } });
    await response.body?.cancel();
    return response.headers.get("etag");
  };
  const [page, script] = ["ab".repeat(32), "cd".repeat(32)];
  const files = { "index.html": page, "assets/app-3f2a.js": script };
  await Deno.writeTextFile(`${root}/build-manifest.json`, JSON.stringify({ version: 1, files }));
  for (const time of [new Date(0), new Date(1_000_000)]) {
    await Deno.utime(`${root}/index.html`, time, time);
    assert.equal(await etagOf("/", "identity"), `"${page}"`);
  }
  assert.equal(await etagOf("/assets/app-3f2a.js", "br"), `"${script}-br"`);
  const manifestTag = await etagOf("/build-manifest.json", "identity");
  assert.ok(manifestTag && !/[0-9a-f]{64}/.test(manifestTag), "the manifest has no hash of its own");
});
