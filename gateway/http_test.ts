/** Tests of the HTTP port: security headers, foreign hosts, the well-known configuration. */
import assert from "node:assert/strict";
import { httpTest, rawRequest, writeSite } from "./testing/http.ts";

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
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
        "img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self'; font-src 'self'; " +
        `connect-src 'self' https://127.0.0.1:${port}; ` +
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types default",
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
    const answer = await rawRequest(
      test,
      `GET /.well-known/quicproquo.json HTTP/1.1\nhost: ${host}\nconnection: close\n\n`,
    );
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
