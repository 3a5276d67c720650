import assert from "node:assert/strict";
import { isUsername } from "./username.ts";

Deno.test("isUsername() accepts 3 to 32 characters that begin with a letter", () => {
  for (const name of ["bob", "a.b_c-9", "x".repeat(32)]) assert.ok(isUsername(name), name);
  for (const name of ["", "ab", "9lives", "Bob", "b b", "x".repeat(33)]) assert.ok(!isUsername(name), name);
});
