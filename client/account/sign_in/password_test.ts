import assert from "node:assert/strict";
import { EngineError } from "../../api/errors.ts";
import { checkedPassword, judgePassword, normalisedPassword, suggestPassphrase } from "./password.ts";

const faultOf = async (password: string, username = "alice") => (await judgePassword(password, username)).fault;
const weak = (password: string, username = "alice") =>
  assert.rejects(
    checkedPassword(password, username),
    (error) => error instanceof EngineError && error.problem.code === "L003",
    password,
  );

Deno.test("PEOPLE A6: passwords of 12 characters that everybody tries are refused, with the reason", async () => {
  const faults = {
    "password1234": "common",
    "qwertyuiop12": "common",
    "123456789012": "common",
    "passwordpassword": "repeat",
    "abcdefghijkl": "sequence",
    "hunter2hunter2hunter2": "repeat",
    "P@ssw0rd2024!": "common",
    "iloveyou2024!": "common",
    "aaaaaaaaaaaaaaaa": "repeat",
    "monkey dragon x": "guessable",
    "quicproquo2026": "username",
    "correct hor": "short",
  };
  for (const [password, fault] of Object.entries(faults)) {
    assert.equal(await faultOf(password), fault, password);
    await weak(password);
  }
});

Deno.test("PEOPLE A6: the username counts as known, whole and in parts, forwards and backwards", async () => {
  assert.equal(await faultOf("I am Alice of Wonderland"), "username");
  assert.equal(await faultOf("zorblaxquendi", "zorblax.quendi"), "username", "its parts");
  assert.equal(await faultOf("xalbroz123456", "zorblax"), "username", "backwards");
  assert.equal(await faultOf("zorblaxquendi", "alice"), undefined, "nobody else's name");
});

Deno.test("PEOPLE A6: a few unrelated words are taken, in any script, with their score", async () => {
  const good = ["correct horse", "correct horse battery staple", "наша кошка любит рыбу", "鯨飛桜猫机雨夢窓海船星森"];
  for (const password of good) {
    assert.equal((await judgePassword(password, "alice")).fault, undefined, password);
    assert.equal(await checkedPassword(password, "alice"), password.normalize("NFKC"));
  }
  assert.equal((await judgePassword("correct horse", "alice")).score, 3);
  assert.equal((await judgePassword("correct horse battery staple", "alice")).score, 4);
});

Deno.test("PEOPLE A6: judging takes any text, however long, and only whole characters count", async () => {
  for (const password of ["", "\ud800".repeat(12), "x".repeat(100_000)]) assert.ok(await faultOf(password));
  assert.ok(await judgePassword("4@$5!|(".repeat(146), "alice"));
  await weak("🐴🔋🧷✅🐙🎺🧶🪁🥨🛶🧭");
  assert.equal(await faultOf("🐴🔋🧷✅🐙🎺🧶🪁🥨🛶🧭🪺"), undefined);
});

Deno.test("PEOPLE A6: an offered passphrase has six words, is new each time, and is taken", async () => {
  const offered = await Promise.all(Array.from({ length: 50 }, () => suggestPassphrase("alice")));
  assert.equal(new Set(offered).size, offered.length);
  for (const passphrase of offered) {
    assert.match(passphrase, /^[a-z-]+( [a-z-]+){5}$/);
    assert.deepEqual(await judgePassword(passphrase, "alice"), { score: 4 });
  }
});

Deno.test("PEOPLE A6: each word of an offered passphrase is as likely as any other", async () => {
  const { newPassphrase } = await import("./password_strength.ts");
  // 62,208 is eight times 7,776. The numbers from there on would favour the first words: they are passed over.
  const given = [62_208, 65_535, 0, 7_776, 62_207, 7_775, 1, 62_208, 2];
  const passphrase = newPassphrase("", (numbers) => numbers.set(given));
  assert.equal(passphrase, "abacus abacus zoom zoom abdomen abdominal");
  const without = newPassphrase("abacus", (numbers) => numbers.set([0, 1, 2, 3, 4, 5]));
  assert.equal(without.split(" ")[0], "abdomen", "a word that contains the username would be refused");
});

Deno.test("normalisedPassword() gives the same bytes for composed and decomposed letters", () => {
  assert.equal(normalisedPassword("e\u0301te\u0301"), "\u00e9t\u00e9");
  assert.equal(normalisedPassword("\ufb01"), "fi");
});
