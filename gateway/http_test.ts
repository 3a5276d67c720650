/** The HTTP port: files, headers, well-known, /rpc. */
import assert from "node:assert/strict";
import { openSession, readAll, writeAll } from "./testing/http3_client.ts";
import { makeKeyPair } from "./testing/stub_core.ts";
import { callRefusal } from "./call_refusal.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "./testing/test_gateway.ts";
import { until } from "./testing/until.ts";

function httpTest(name: string, fn: (test: TestGateway) => Promise<void>, options: TestGatewayOptions = {}): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using test = await startTestGateway(options);
      await fn(test);
    },
  });
}

/** What no fetch() would send: a request as raw text. */
async function raw(test: TestGateway, text: string): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: test.gateway.httpPort });
  await conn.write(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  return await new Response(conn.readable).text();
}

async function writeSite(test: TestGateway): Promise<void> {
  const root = test.config.webRoot;
  await Deno.mkdir(`${root}/assets`);
  await Deno.writeTextFile(`${root}/index.html`, "<!doctype html>page");
  await Deno.writeTextFile(`${root}/manifest.webmanifest`, "{}");
  await Deno.writeTextFile(`${root}/sw.js`, "// worker");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js`, "plain script");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js.br`, "brotli");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js.gz`, "gzipped");
  await Deno.writeFile(`${root}/assets/argon2-77.wasm`, new Uint8Array(8));
  await Deno.writeTextFile(`${root}/.env`, "hidden");
  await Deno.writeTextFile(`${root}/../secret.txt`, "secret");
  await Deno.symlink(`${root}/../secret.txt`, `${root}/link.txt`);
}

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
    raw(
      test,
      `GET /assets/app-3f2a.js HTTP/1.1\nhost: localhost\naccept-encoding: ${acceptEncoding}\nconnection: close\n${more}\n`,
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
      const answer = await raw(test, `GET ${path} HTTP/1.1\nhost: localhost\nconnection: close\n\n`);
      assert.match(answer, /^HTTP\/1.1 40[04] /, path);
      assert.doesNotMatch(answer, /secret|hidden|root:/, path);
    }
  },
);

httpTest("every answer carries the security headers, with the WebTransport address in the policy", async (test) => {
  await writeSite(test);
  const port = test.gateway.webTransportPort;
  for (
    const [path, init] of [["/", {}], ["/missing", {}], ["/rpc", { method: "POST" }], ["/rpc", {}], ["/", {
      method: "DELETE",
    }], ["/.well-known/quicproquo.json", {}]] as [string, RequestInit][]
  ) {
    const { headers, body } = await fetch(test.origin + path, init);
    await body?.cancel();
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; " +
        `connect-src 'self' https://127.0.0.1:${port}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; ` +
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default",
    );
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-embedder-policy"), "require-corp");
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.match(headers.get("permissions-policy") ?? "", /camera=\(\)/);
  }
});

httpTest("a foreign Host header never reaches the policy or the well-known", async (test) => {
  for (const host of ["evil.example", "evil.example:443; script-src *", "localhost.evil.example"]) {
    const answer = await raw(test, `GET /.well-known/quicproquo.json HTTP/1.1\nhost: ${host}\nconnection: close\n\n`);
    assert.doesNotMatch(answer, /evil/);
  }
});

httpTest("the well-known names URL, two hashes, /rpc and the wire version, and is not stored", async (test) => {
  const response = await fetch(`http://localhost:${test.gateway.httpPort}/.well-known/quicproquo.json`);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const { webtransport, rpc, wireVersion } = await response.json();
  assert.equal(webtransport.url, `https://127.0.0.1:${test.gateway.webTransportPort}/wt`);
  assert.deepEqual(
    webtransport.certificateHashes.map((
      { algorithm, value }: Record<string, string>,
    ) => [algorithm, atob(value).length]),
    [["sha-256", 32], ["sha-256", 32]],
  );
  assert.deepEqual([rpc, wireVersion], ["/rpc", 1]);
});

httpTest("/rpc carries a call and its answer, with the caller's address", async (test) => {
  await test.gateway.whenCoreReady();
  const call = crypto.getRandomValues(new Uint8Array(50_000));
  const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: call, headers: { origin: test.origin } });
  assert.deepEqual([response.status, response.headers.get("content-type"), response.headers.get("cache-control")], [
    200,
    "application/octet-stream",
    "no-store, no-transform",
  ]);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), call);
});

httpTest("/rpc refuses pages of others, other methods, and calls above the limit", async (test) => {
  await test.gateway.whenCoreReady();
  const post = async (init: RequestInit) => {
    const response = await fetch(`${test.origin}/rpc`, { method: "POST", ...init });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await post({ body: "x" }), 403);
  assert.equal(await post({ body: "x", headers: { origin: "https://evil.example" } }), 403);
  assert.equal(await post({ method: "GET", headers: { origin: test.origin } }), 405);
  assert.equal(await post({ body: new Uint8Array(1_001), headers: { origin: test.origin } }), 413);
  // Without a length the limit shows on the way: the answer is E011, or is cut off where it has begun.
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(500)) });
  const answer = await fetch(`${test.origin}/rpc`, { method: "POST", body: endless, headers: { origin: test.origin } })
    .then((response) => response.arrayBuffer()).catch(() => undefined);
  if (answer) assert.deepEqual(new Uint8Array(answer), callRefusal.tooLarge);
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
}, { limits: { bytesPerCall: 1_000 } });

const subscriptions = { ended: 0 };
httpTest(
  "/rpc streams a long answer piece by piece without a time limit, and a caller that leaves ends the call at the core",
  async (test) => {
    await test.gateway.whenCoreReady();
    const abort = new AbortController();
    const response = await fetch(`${test.origin}/rpc`, {
      method: "POST",
      body: "subscribe",
      headers: { origin: test.origin },
      signal: abort.signal,
    });
    const reader = response.body!.getReader();
    for (let piece = 0; piece < 5; piece++) assert.deepEqual((await reader.read()).value, Uint8Array.of(piece));
    assert.equal(test.gateway.metrics.get("qpq_gateway_calls"), 1);
    abort.abort();
    await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0, "the gateway sees the caller leave");
    await until(() => subscriptions.ended === 1, "the core sees the caller leave");
  },
  {
    limits: { halfOpenMs: 100 },
    core: {
      onCall: async ({ readable, writable }) => {
        await readAll(readable);
        const writer = writable.getWriter();
        try {
          for (let piece = 0; piece < 1_000; piece++) {
            await writer.write(Uint8Array.of(piece));
            await new Promise((resolve) => setTimeout(resolve, 120));
          }
        } catch {
          subscriptions.ended++;
        }
      },
    },
  },
);

httpTest("/rpc notices a caller that leaves while nothing is being sent", async (test) => {
  await test.gateway.whenCoreReady();
  const abort = new AbortController();
  const response = await fetch(`${test.origin}/rpc`, {
    method: "POST",
    body: "subscribe",
    headers: { origin: test.origin },
    signal: abort.signal,
  });
  assert.deepEqual((await response.body!.getReader().read()).value, Uint8Array.of(1));
  abort.abort();
  await until(() => test.gateway.metrics.get("qpq_gateway_calls") === 0);
}, {
  core: {
    onCall: async ({ readable, writable }) => {
      await readAll(readable);
      await writable.getWriter().write(Uint8Array.of(1));
      await new Promise(() => {});
    },
  },
});

httpTest("/rpc answers 503 while the core is away", async (test) => {
  await test.gateway.whenCoreReady();
  test.core.close();
  await until(() => test.gateway.readyConnections === 0);
  const response = await fetch(`${test.origin}/rpc`, { method: "POST", body: "x", headers: { origin: test.origin } });
  assert.equal(response.status, 503);
  await response.body?.cancel();
});

Deno.test({
  name:
    "with PEM files the port speaks HTTPS, the well-known names no hashes, and a renewed file is served without a restart",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async () => {
      const pair = await makeKeyPair();
      await Deno.writeTextFile(paths.certificatePath, pair.certificate);
      await Deno.writeTextFile(paths.privateKeyPath, pair.privateKey);
      return pair.certificate;
    };
    const first = await write();
    await using test = await startTestGateway({ config: { tls: paths, httpTls: true } });
    const read = async (caCert: string) => {
      using client = Deno.createHttpClient({ caCerts: [caCert] });
      const init: RequestInit & { client: Deno.HttpClient } = { client };
      return await (await fetch(`https://localhost:${test.gateway.httpPort}/.well-known/quicproquo.json`, init)).json();
    };
    assert.deepEqual((await read(first)).webtransport, {
      url: `https://localhost:${test.gateway.webTransportPort}/wt`,
    });
    await test.gateway.whenCoreReady();
    const open = (certificate: string) =>
      openSession({
        port: test.gateway.webTransportPort,
        certificate,
        origin: `https://localhost:${test.gateway.httpPort}`,
      });
    const echo = async (session: Awaited<ReturnType<typeof open>>, byte: number) => {
      const stream = await session.openStream();
      const [echoed] = await Promise.all([readAll(stream.readable), writeAll(stream.writable, Uint8Array.of(byte))]);
      return echoed[0];
    };
    const old = await open(first);
    assert.equal(await echo(old, 1), 1);
    // Nobody is told: the gateway sees the files change.
    const second = await write();
    await until(() => test.events.some(({ event }) => event === "certificate-replaced"));
    assert.equal((await read(second)).wireVersion, 1);
    await assert.rejects(read(first));
    assert.equal(await echo(old, 2), 2, "the session that was open goes on");
    assert.equal(await echo(await open(second), 3), 3, "a new one sees the new certificate");
    await assert.rejects(open(first));
    await Deno.writeTextFile(paths.privateKeyPath, "no key");
    await test.gateway.refreshCertificate();
    assert.equal((await read(second)).wireVersion, 1);
    await Deno.remove(folder, { recursive: true });
  },
});

/** A core whose calls give a piece whenever the test says so, as a subscription does, until it is told to end them. */
function tickingCore() {
  let next = Promise.withResolvers<string>();
  return {
    tick(text: string): void {
      const { resolve } = next;
      next = Promise.withResolvers();
      resolve(text);
    },
    async onCall(
      { readable, writable }: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
    ): Promise<void> {
      await readable.pipeTo(new WritableStream());
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode("begun"));
      for (let text = await next.promise; text !== "end"; text = await next.promise) {
        await writer.write(new TextEncoder().encode(text));
      }
      await writer.close();
    },
  };
}

Deno.test({
  name:
    "a subscription over /rpc and one over WebTransport that are under way when the certificate changes go on, piece by piece to their end; the next ones see the new certificate",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const paths = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    const write = async () => {
      const pair = await makeKeyPair();
      await Deno.writeTextFile(paths.certificatePath, pair.certificate);
      await Deno.writeTextFile(paths.privateKeyPath, pair.privateKey);
      return pair.certificate;
    };
    const first = await write();
    const core = tickingCore();
    await using test = await startTestGateway({ config: { tls: paths, httpTls: true }, core: { onCall: core.onCall } });
    await test.gateway.whenCoreReady();
    const origin = `https://localhost:${test.gateway.httpPort}`;
    const decoder = new TextDecoder();
    const subscribe = async (caCert: string) => {
      const client = Deno.createHttpClient({ caCerts: [caCert] });
      const init: RequestInit & { client: Deno.HttpClient } = {
        client,
        method: "POST",
        body: "call",
        headers: { origin },
      };
      const response = await fetch(`${origin}/rpc`, init).catch((error) => {
        client.close();
        throw error;
      });
      return { reader: response.body!.getReader(), close: () => client.close() };
    };
    const session = await openSession({ port: test.gateway.webTransportPort, certificate: first, origin });
    const overHttps = await subscribe(first);
    const stream = await session.openStream();
    await writeAll(stream.writable, Uint8Array.of(1));
    const readers = [overHttps.reader, stream.readable.getReader()];
    const heard = async () =>
      await Promise.all(readers.map(async (reader) => decoder.decode((await reader.read()).value)));
    assert.deepEqual(await heard(), ["begun", "begun"]);
    core.tick("before");
    assert.deepEqual(await heard(), ["before", "before"]);

    const second = await write();
    await until(() => test.events.some(({ event }) => event === "certificate-replaced"));
    for (const text of ["after", "and after"]) {
      core.tick(text);
      assert.deepEqual(await heard(), [text, text]);
    }
    await assert.rejects(subscribe(first));
    const fresh = await subscribe(second);
    assert.equal(decoder.decode((await fresh.reader.read()).value), "begun");
    core.tick("end");
    for (const reader of [...readers, fresh.reader]) assert.equal((await reader.read()).done, true);
    for (const { close } of [overHttps, fresh]) close();
    await Deno.remove(folder, { recursive: true });
  },
});
