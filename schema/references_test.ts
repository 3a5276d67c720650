/** Every cited section, named file and relative link of the project leads somewhere. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { citationsIn, foreignPathsIn, linksIn, lostPagesIn, pathsIn, sectionsOf } from "./testing/doc_references.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = ["specification", "architecture"];
const text = /\.(?:tsx?|mjs|js|capnp|sql|css|html|md|json|yaml|yml|toml)$|Dockerfile$/;
const notOurs = ["node_modules", ".git", ".cache", "dist", "data", "test-results", "generated"];

/** The project's own text files, as paths from the root. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.includes(entry.name) ? [] : filesOf(place);
    return text.test(entry.name) && entry.name !== "package-lock.json" ? [relative(root, place)] : [];
  });
}

// The parser's own test has bad references for it to find. A migration stays as it was released.
const files = filesOf(root).filter((file) => file !== "schema/references_test.ts" && !file.endsWith(".sql"))
  .map((file) => ({ file, content: readFileSync(join(root, file), "utf8") }));
const markdown = files.filter(({ file }) => file.endsWith(".md"));
// CONTRIBUTING.md names files that are to be made, by patterns.
const citing = markdown.filter(({ file }) => file !== "CONTRIBUTING.md");

const pageText = (page: string) => readFileSync(join(root, `docs/${page}.md`), "utf8");

Deno.test("every cited section of the specification and the architecture is a numbered heading there", () => {
  const sections = new Map(pages.map((page) => [page, sectionsOf(pageText(page))]));
  const cited = files.flatMap(({ file, content }) => citationsIn(content).map((citation) => ({ file, ...citation })));
  assert.ok(cited.length >= 100, `${cited.length} citations found`);
  assert.deepEqual(
    cited.filter(({ page, section }) => !sections.get(page)!.has(section))
      .map(({ file, page, section }) => `${file}: ${page} §${section}`),
    [],
  );
});

Deno.test("no file cites a page that is not in the repository, or a folder beside it except for test vectors", () => {
  assert.deepEqual(
    files.flatMap(({ file, content }) =>
      [...lostPagesIn(content), ...foreignPathsIn(content)].map((found) => `${file}: ${found}`)
    ),
    [],
  );
});

Deno.test("every file and folder that the architecture names exists", () => {
  const named = pathsIn(pageText("architecture"));
  assert.ok(named.length >= 30, `${named.length} paths found`);
  assert.deepEqual(named.filter((path) => !existsSync(join(root, path))), []);
});

Deno.test("every path of a page that begins with a room exists", () => {
  const rooms = new Set(
    readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name),
  );
  const named = citing.flatMap(({ file, content }) =>
    pathsIn(content).filter((path) => path.includes("/") && rooms.has(path.split("/")[0])).map((path) => ({
      file,
      path,
    }))
  );
  assert.ok(named.length >= 150, `${named.length} paths found`);
  assert.deepEqual(
    named.filter(({ path }) => !existsSync(join(root, path))).map(({ file, path }) => `${file}: ${path}`),
    [],
  );
});

Deno.test("every test that a page names without its folder exists", () => {
  const tests = new Set(files.map(({ file }) => basename(file)).filter((name) => name.endsWith("_test.ts")));
  const named = citing.flatMap(({ file, content }) =>
    pathsIn(content).filter((path) => /^\w+_test\.ts$/.test(path)).map((name) => ({ file, name }))
  );
  assert.ok(named.length >= 15, `${named.length} tests found`);
  assert.deepEqual(named.filter(({ name }) => !tests.has(name)).map(({ file, name }) => `${file}: ${name}`), []);
});

Deno.test("every relative link of a Markdown page leads to a file", () => {
  const links = markdown.flatMap(({ file, content }) =>
    linksIn(content).map((target) => ({ file, target, place: join(root, dirname(file), target) }))
  );
  assert.ok(links.length >= 50, `${links.length} links found`);
  assert.deepEqual(
    links.filter(({ place }) => !existsSync(place)).map(({ file, target }) => `${file}: ${target}`),
    [],
  );
});

Deno.test("sectionsOf() reads numbered headings of every level, and nothing else", () => {
  const page = "# 1. Title\n## 3. Rules\n### 3.4 New devices\n## Labels\n##3.5 none\n3.6 no heading\n#### 3.4.1 Deep\n";
  assert.deepEqual([...sectionsOf(page)], ["3", "3.4", "3.4.1"]);
});

Deno.test("citationsIn() reads wrapped citations and lists", () => {
  const cite = (source: string) => citationsIn(source).map(({ page, section }) => `${page} ${section}`);
  assert.deepEqual(cite("keys (specification §3.6, §8), no padding (RFC 9420 §9)"), [
    "specification 3.6",
    "specification 8",
  ]);
  assert.deepEqual(cite("/**\n * a secret (specification\n * §3.5). Then architecture §4.\n */"), [
    "specification 3.5",
    "architecture 4",
  ]);
  assert.deepEqual(cite("  // They have it (specification\n  // §4)."), ["specification 4"]);
  assert.deepEqual(cite("-- Specification §2 and §4.1; FIPS 203 §7.2"), ["specification 2", "specification 4.1"]);
  assert.deepEqual(cite("a specification, §3 of RFC 9420"), []);
});

Deno.test("a citation of a section that is not there is found", () => {
  const sections = sectionsOf("## 3. Rules\n### 3.1 Sender\n");
  const missing = citationsIn("specification §3.1, §3.9 and specification §9").filter(({ section }) =>
    !sections.has(section)
  );
  assert.deepEqual(missing.map(({ section }) => section), ["3.9", "9"]);
});

Deno.test("linksIn() reads relative links without anchors, and not those of code", () => {
  const page =
    "[a](protocol.md#labels) [b](https://x.example/y.md) [c](#here) [d](../README.md)\n```\n[e](gone.md)\n```\n";
  assert.deepEqual(linksIn(page), ["protocol.md", "../README.md"]);
});

Deno.test("pathsIn() reads files and folders in backticks, bare names of files too", () => {
  const page = "`client/mls/rules.ts` in `client/mls/`, `inbox.ts`, `publish`, `a/b`, `npm test`, `E017`";
  assert.deepEqual(pathsIn(page), ["client/mls/rules.ts", "client/mls/", "inbox.ts"]);
});

Deno.test("foreignPathsIn() and lostPagesIn() find what is not in the repository", () => {
  assert.deepEqual(foreignPathsIn("see ../shared/PLAN.md, ../../shared and ../shared/vectors/hpke"), [
    "../shared/PLAN.md",
    "../shared",
  ]);
  assert.deepEqual(lostPagesIn("PROTOCOL §4 and (DESIGN\n * §6), the protocol §2"), ["PROTOCOL §4", "DESIGN §6"]);
});
