import assert from "node:assert/strict";
import { namesIn } from "./people_search.ts";

Deno.test("namesIn() reads a list of usernames with the usual separators", () => {
  assert.deepEqual(namesIn(" Alice, @bob;carol\n\ndave\tbob "), ["alice", "bob", "carol", "dave"]);
  assert.deepEqual(namesIn("alice"), ["alice"]);
  assert.deepEqual(namesIn(" ,; "), []);
});
