import assert from "node:assert/strict";
import { isOwnScriptUrl } from "./trusted_types.ts";

Deno.test("isOwnScriptUrl() accepts only scripts of this origin", () => {
  const page = "https://chat.example:8443/#chat/ab";
  assert.ok(isOwnScriptUrl("/assets/worker-1.js", page));
  assert.ok(isOwnScriptUrl("https://chat.example:8443/service_worker.js", page));
  for (
    const url of [
      "https://chat.example/assets/x.js",
      "//evil.example/x.js",
      "http://chat.example:8443/x.js",
      "data:text/javascript,1",
      "blob:null/x",
      "javascript:1",
    ]
  ) assert.ok(!isOwnScriptUrl(url, page), url);
});
