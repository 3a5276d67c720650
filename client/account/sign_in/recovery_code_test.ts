import assert from "node:assert/strict";
import { formatRecoveryCode, newRecoverySecret, parseRecoveryCode } from "./recovery_code.ts";

Deno.test("formatRecoveryCode() writes Crockford's base32 with his check symbol", () => {
  assert.equal(formatRecoveryCode(new Uint8Array(20)), "0000-0000-0000-0000-0000-0000-0000-0000-0");
  assert.equal(
    formatRecoveryCode(new Uint8Array(20).fill(255)),
    `${"ZZZZ-".repeat(8)}${"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"[Number((2n ** 160n - 1n) % 37n)]}`,
  );
  // 1234 is 16J in base32, and 1234 mod 37 = 13 is D (Crockford's own example of the check symbol).
  const secret = new Uint8Array(20);
  secret.set([4, 210], 18);
  assert.equal(formatRecoveryCode(secret), "0000-0000-0000-0000-0000-0000-0000-016J-D");
});

Deno.test("parseRecoveryCode() reads a formatted code in any case, spacing and with look-alike symbols", () => {
  for (let round = 0; round < 200; round++) {
    const secret = newRecoverySecret();
    const code = formatRecoveryCode(secret);
    assert.deepEqual(parseRecoveryCode(code), secret);
    assert.deepEqual(
      parseRecoveryCode(` ${code.toLowerCase().replace(/-/g, " ").replace(/0/g, "o").replace(/1/g, "l")} `),
      secret,
    );
  }
});

Deno.test("parseRecoveryCode() detects every single wrong symbol, two swapped neighbours, and a missing one", () => {
  const code = formatRecoveryCode(Uint8Array.from({ length: 20 }, (_, index) => index * 11 + 3)).replace(/-/g, "");
  for (let index = 0; index < code.length; index++) {
    const wrong = code[index] === "7" ? "8" : "7";
    assert.throws(() => parseRecoveryCode(code.slice(0, index) + wrong + code.slice(index + 1)), /L014/);
    assert.throws(() => parseRecoveryCode(code.slice(0, index) + code.slice(index + 1)), /L014/);
    if (index + 1 < code.length && code[index] !== code[index + 1]) {
      assert.throws(
        () => parseRecoveryCode(code.slice(0, index) + code[index + 1] + code[index] + code.slice(index + 2)),
        /L014/,
      );
    }
  }
  assert.throws(() => parseRecoveryCode(""), /L014/);
});
