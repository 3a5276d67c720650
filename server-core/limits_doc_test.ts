/**
 * Compares docs/limits.md with the code: each number equals the one in the code, and each named test exists.
 */

import assert from "node:assert/strict";
import { readPage } from "../schema/testing/doc_page.ts";

const root = new URL("..", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const page = readPage("docs/limits.md");
const rows = page.split("\n").filter((line) => /^\| (?!what|-)/.test(line)).map((line) =>
  line.split("|").slice(1, -1).map((cell) => cell.trim())
);

/** The value of a constant arithmetic expression in the code. */
function valueOf(expression: string): number {
  const plain = expression.replaceAll("megabyte", String(1024 * 1024)).replaceAll("_", "");
  assert.match(plain, /^[\d\s.*+]+$/, expression);
  return plain.split("+").reduce(
    (sum, product) => sum + product.split("*").reduce((value, factor) => value * Number(factor), 1),
    0,
  );
}

/** The number in the code to which a cell of the column "set by" refers. */
function inCode(where: string): number | string {
  const [file, name] = where.split("#");
  if (name === undefined) {
    const config = read("server-core/config.ts") + read("gateway/config.ts");
    const [, fallback] =
      new RegExp(`"${where}", (?:\\[[^\\]]*\\], )?([^,)]+)`).exec(config.replaceAll(/"QPQ_[A-Z_]+",\n/g, "")) ?? [];
    assert.ok(fallback, `${where} has no default in a config.ts`);
    return fallback.startsWith('"') ? fallback.slice(1, -1) : valueOf(fallback);
  }
  const last = name.split(".").at(-1);
  const [, expression] = new RegExp(`\\b${last}\\s*[=:]\\s*([\\d][\\d_ *.]*)`).exec(read(file)) ?? [];
  assert.ok(expression, `${file} does not set ${name}`);
  return valueOf(expression);
}

Deno.test("docs/limits.md has the numbers of the code", () => {
  assert.ok(rows.length > 40, `${rows.length} rows`);
  for (const [what, number, where] of rows) {
    const code = inCode(where.replaceAll("`", ""));
    const said = typeof code === "string" ? number : Number(number.replace(/ ms$/, "").replaceAll(",", ""));
    assert.equal(said, code, `${what}: ${where}`);
  }
});

Deno.test("docs/limits.md names a test for every limit, and each of them exists", () => {
  for (const [what, , , , shownBy] of rows) {
    assert.ok(/^the same/.test(shownBy) || shownBy.startsWith("`"), `${what}: no test`);
    for (const [, file, name] of shownBy.matchAll(/`([^`]+_test\.ts)`: ([^;]+)/g)) {
      assert.ok(read(file).includes(name.trim()), `${what}: ${file} has no test "${name}"`);
    }
  }
});

Deno.test("docs/limits.md has every key of the configuration that is a limit", () => {
  const keys = new Set(
    (read("server-core/config.ts") + read("gateway/config.ts")).match(
      /QPQ_(LIMIT_\w+|\w+_PER_\w+|BLOB_\w+|QUEUE_\w+|MAX_\w+|REGISTRATION)/g,
    ),
  );
  assert.ok(keys.size > 20);
  for (const key of keys) assert.ok(rows.some(([, , where]) => where === `\`${key}\``), `${key} has no row`);
});
