import assert from "node:assert/strict";
import { serveMetrics } from "./metrics_endpoint.ts";

Deno.test("serveMetrics() answers GET /metrics with the present metrics, and no other request", async () => {
  let renders = 0;
  const endpoint = await serveMetrics(() => Promise.resolve(`renders ${++renders}\n`), { bind: "127.0.0.1", port: 0 });
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${endpoint.port}${path}`, { method });
    return { response, text: await response.text() };
  };
  try {
    const { response, text } = await ask("/metrics?x=1");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(text, "renders 1\n");
    assert.equal((await ask("/metrics")).text, "renders 2\n");
    for (const [path, method] of [["/"], ["/metrics/"], ["/metrics", "POST"]]) {
      assert.equal((await ask(path, method)).response.status, 404, `${method} ${path}`);
    }
    assert.equal(renders, 2);
  } finally {
    await endpoint.close();
  }
});
