import assert from "node:assert/strict";
import { itemOf } from "./projection.ts";

Deno.test("PEOPLE B8: a name in which nothing can be seen is told as empty, so that views have words for it", () => {
  const notice = (name: string) =>
    itemOf({ kind: "notice", order: "1", atMs: 0, notice: "renamed", values: { by: "anna", name } });
  assert.deepEqual(notice("\u200b\u3164"), { ...notice("x"), values: { by: "anna", name: "" } });
  assert.deepEqual(notice(" x ").kind === "notice" && notice(" x "), {
    ...notice("x"),
    values: { by: "anna", name: " x " },
  });
});
