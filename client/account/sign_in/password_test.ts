import assert from "node:assert/strict";
import { EngineError } from "../../api/errors.ts";
import { checkedPassword, normalisedPassword } from "./password.ts";

const weak = (password: string) =>
  assert.throws(
    () => checkedPassword(password, "alice"),
    (error) => error instanceof EngineError && error.problem.code === "L003",
    password,
  );

Deno.test("checkedPassword() accepts 12 and more characters, counted as a reader sees them", () => {
  assert.equal(checkedPassword("correct horse", "alice"), "correct horse");
  assert.equal(checkedPassword("🐴🔋🧷✅🐴🔋🧷✅🐴🔋🧷✅", "alice").length, 21);
  weak("correct hor");
  weak("🐴🔋🧷✅🐴🔋🧷✅🐴🔋🧷");
});

Deno.test("checkedPassword() refuses repetitions and the username", () => {
  weak("aaaaaaaaaaaaaaaa");
  weak("121212121212");
  weak("I am Alice of Wonderland");
});

Deno.test("normalisedPassword() gives the same bytes for composed and decomposed letters", () => {
  assert.equal(normalisedPassword("e\u0301te\u0301"), "\u00e9t\u00e9");
  assert.equal(normalisedPassword("\ufb01"), "fi");
});
