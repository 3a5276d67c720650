import assert from "node:assert/strict";
import { placeAt } from "./place.ts";

Deno.test("placeAt() has 1,024 places for each ms, and ends at 2^52 whatever the clock says", () => {
  assert.equal(placeAt(1_700_000_000_001) - placeAt(1_700_000_000_000), 1_024);
  assert.equal(placeAt(2 ** 42), 2 ** 52);
  assert.equal(placeAt(Number.MAX_SAFE_INTEGER), 2 ** 52);
});
