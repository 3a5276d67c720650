import assert from "node:assert/strict";
import { isSameGroup } from "./recovery_groups.ts";

Deno.test("CONVERSATIONS: a group of the recovery code counts however it is written, and only if it is right", () => {
  for (const typed of ["0KX9", "0kx9", "okx9", " 0k-x9 "]) assert.ok(isSameGroup(typed, "0KX9"), typed);
  assert.ok(isSameGroup("il34", "1134"));
  for (const typed of ["", "0KX", "0KX8", "0KX90"]) assert.ok(!isSameGroup(typed, "0KX9"), typed);
});
