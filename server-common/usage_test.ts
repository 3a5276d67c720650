import assert from "node:assert/strict";
import { Usage } from "./usage.ts";

Deno.test("Usage counts each key up to the limit and forgets unused keys", () => {
  const usage = new Usage(2);
  assert.ok(usage.take("a") && usage.take("a") && usage.take("b"));
  assert.ok(!usage.take("a"));
  assert.ok(usage.isFull("a") && !usage.isFull("b"));
  usage.give("a");
  assert.ok(usage.take("a"));
});
