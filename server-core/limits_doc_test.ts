/**
 * Compares docs/limits.md with the code: each number equals the one in the code, each named test exists, and no limit
 * of the code is missing.
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

/** Constants that are called like limits and that nobody meets: `file#name` → why. */
const metByNobody: Record<string, string> = {
  "schema/rpc/framing.ts#maxSegments": "a bound of the format",
  "schema/cbor.ts#maxCborDepth": "a bound of the format",
  "server-core/delivery/reading.ts#maxWaitMs": "the answer comes before the client's wait is over",
  "server-core/delivery/messages.ts#maxInlineBytes": "longer bodies are fetched by a call of their own",
  "server-core/delivery/subscription.ts#inboxLimit": "what does not fit is read from the store",
  "server-core/storage/sqlite/delivery/bodies.ts#piecesPerBody": "four times the longest commit",
  "server-core/storage/sqlite/batcher.ts#maxBatch": "the rest is in the next transaction",
  "server-common/http_places.ts#maxAddresses": "a forgotten address begins anew",
  "server-common/log.ts#maxFieldLength": "a longer text is cut off in the log",
  "gateway/pace.ts#maxAddresses": "a forgotten address begins anew",
  "gateway/http_server.ts#maxAddresses": "a forgotten address begins anew",
  "gateway/http3/capsule.ts#maxReasonLength": "a bound of the format",
  "gateway/http3/frames.ts#maxFramePayload": "a bound of the format",
  "client/account/directory/directory.ts#maxFound": "the server's limit of the same name",
  "client/account/vault/vault.ts#maxPins": "above all that a client writes",
  "client/account/vault/vault.ts#maxChannels": "above all that a client writes",
  "client/mls/commit_data.ts#maxRequests": "a bound of the format",
  "client/mls/commit_data.ts#maxRequestBytes": "a bound of the format",
  "client/mls/extensions.ts#maxLeftChannels": "a bound of the format",
  "client/mls/extensions.ts#maxSupersedesCommits": "a bound of the format",
  "client/connection/stream_limit.ts#maxOpenStreams": "calls wait on the device",
  "client/connection/https_fallback.ts#maxRequests": "calls wait on the device",
};

/** Tests, their helpers, the behaviours of every storage, and what the schema compiler writes set no limits. */
const leftOut = ["testing", "testdata", "generated", "contract", "scripts", "fixtures"];

function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return leftOut.includes(name) ? [] : sourcesIn(`${folder}${name}/`);
    return name.endsWith(".ts") && !name.endsWith("_test.ts") ? [`${folder}${name}`] : [];
  });
}

Deno.test("docs/limits.md has every constant that is called like a limit and that somebody can meet", () => {
  const rooms = ["schema/", "server-common/", "server-core/", "gateway/", "client/", "cli/"];
  const limits = rooms.flatMap(sourcesIn).flatMap((file) =>
    [...read(file).matchAll(/^(?:export )?const (max[A-Z]\w*|\w+Per[A-Z]\w*|\w+Limit) = [\d{]/gm)]
      .map(([, name]) => `${file}#${name}`)
  );
  assert.ok(limits.length > 50, `${limits.length} limits found`);
  const listed = rows.map(([, , where]) => where.replaceAll("`", "").split(".ts#").map((part) => part.split(".")[0]))
    .map((parts) => parts.join(".ts#"));
  const missing = limits.filter((limit) => !listed.includes(limit) && !(limit in metByNobody));
  assert.deepEqual(missing, []);
  assert.deepEqual(Object.keys(metByNobody).filter((limit) => !limits.includes(limit)), [], "not in the code");
  assert.deepEqual(Object.keys(metByNobody).filter((limit) => listed.includes(limit)), [], "listed, too");
});
