/** The same headers on every kind of answer, over HTTP and HTTPS. */
import assert from "node:assert/strict";
import { makeKeyPair } from "./testing/stub_core.ts";
import { startTestGateway } from "./testing/test_gateway.ts";

const always = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
const policyParts = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types default",
];

function requireHeaders(response: Response, what: string, isPublicHttps: boolean): void {
  for (const [name, value] of Object.entries(always)) {
    assert.equal(response.headers.get(name), value, `${name} of ${what}`);
  }
  const policy = response.headers.get("content-security-policy")?.split("; ") ?? [];
  for (const part of policyParts) assert.ok(policy.includes(part), `${part} of ${what}`);
  assert.doesNotMatch(policy.join(), /unsafe-inline|'unsafe-eval'|\*/);
  assert.match(
    response.headers.get("permissions-policy") ?? "",
    /camera=\(\).*geolocation=\(\).*microphone=\(self\)/,
    what,
  );
  assert.equal(
    response.headers.get("strict-transport-security"),
    isPublicHttps ? "max-age=31536000" : null,
    `HSTS of ${what}`,
  );
}

Deno.test({
  name: "every kind of answer carries every security header, and plain HTTP leads to HTTPS",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const pair = await makeKeyPair();
    const tls = { certificatePath: `${folder}/c.pem`, privateKeyPath: `${folder}/k.pem` };
    await Deno.writeTextFile(tls.certificatePath, pair.certificate);
    await Deno.writeTextFile(tls.privateKeyPath, pair.privateKey);
    for (const isHttps of [false, true]) {
      await using test = await startTestGateway({
        limits: { rpcPerSecond: 1 },
        config: isHttps ? { tls, httpTls: true, publicHost: "localhost", redirectPort: 0 } : {},
      });
      await test.gateway.whenCoreReady();
      await Deno.writeTextFile(`${test.config.webRoot}/index.html`, "<!doctype html>");
      await Deno.writeTextFile(`${test.config.webRoot}/app.js`, "//");
      using client = Deno.createHttpClient({ caCerts: [pair.certificate] });
      const origin = `${isHttps ? "https" : "http"}://localhost:${test.gateway.httpPort}`;
      const ask = async (path: string, init: RequestInit, status: number) => {
        const withClient: RequestInit & { client: Deno.HttpClient } = { ...init, client, redirect: "manual" };
        const response = await fetch(path.startsWith("http") ? path : origin + path, withClient);
        await response.body?.cancel();
        assert.equal(response.status, status, path);
        return response;
      };
      const rpc = (from: string) => ({ method: "POST", body: "x", headers: { origin: from } });
      const page = await ask("/", {}, 200);
      requireHeaders(page, "the page", isHttps);
      requireHeaders(
        await ask("/", { headers: { "if-none-match": page.headers.get("etag")! } }, 304),
        "an unchanged page",
        isHttps,
      );
      requireHeaders(await ask("/app.js", {}, 200), "a script", isHttps);
      requireHeaders(await ask("/chat/1", { headers: { accept: "text/html" } }, 200), "a path of the app", isHttps);
      requireHeaders(await ask("/gone.js", {}, 404), "a missing file", isHttps);
      requireHeaders(await ask("/", { method: "PUT" }, 405), "a wrong method", isHttps);
      requireHeaders(await ask("/.well-known/quicproquo.json", {}, 200), "the well-known", isHttps);
      requireHeaders(await ask("/.well-known/acme-challenge/x", {}, 404), "a challenge", isHttps);
      requireHeaders(await ask("/rpc", rpc(origin), 200), "a call", isHttps);
      requireHeaders(await ask("/rpc", rpc("https://evil.example"), 403), "a foreign call", isHttps);
      await ask("/rpc", rpc(origin), 200);
      requireHeaders(await ask("/rpc", rpc(origin), 429), "a call too many", isHttps);
      if (!isHttps) continue;
      const redirect = await ask(`http://localhost:${test.gateway.redirectPort}/chat/1?x=2`, {}, 308);
      requireHeaders(redirect, "a redirect", false);
      assert.equal(redirect.headers.get("location"), `https://localhost:${test.gateway.httpPort}/chat/1?x=2`);
      requireHeaders(
        await ask(`http://localhost:${test.gateway.redirectPort}/.well-known/acme-challenge/x`, {}, 404),
        "a challenge over HTTP",
        false,
      );
      const foreign = await ask(`http://127.0.0.2:${test.gateway.redirectPort}/`, {}, 308).catch(() => undefined);
      if (foreign) {
        assert.equal(
          foreign.headers.get("location"),
          `https://localhost:${test.gateway.httpPort}/`,
          "never to a host that is not ours",
        );
      }
    }
    await Deno.remove(folder, { recursive: true });
  },
});
