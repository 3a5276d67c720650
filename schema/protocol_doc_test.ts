/** docs/protocol.md names what the schema has: a call, field, kind or error that is added there is missed here. */

import assert from "node:assert/strict";
import { readPage } from "./testing/doc_page.ts";

const schema = ["node", "authentication", "delivery"].map((name) =>
  Deno.readTextFileSync(new URL(`./${name}.capnp`, import.meta.url))
).join("\n").replace(/#[^\n]*/g, "");
const page = readPage("docs/protocol.md");

/** The table row whose first cell is the name. */
function rowOf(name: string): string {
  const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
  assert(row, `docs/protocol.md has no row for ${name}`);
  return row;
}

/** Names before a colon: the fields of a struct, or of a method's parameters and results. */
const fieldsOf = (text: string) => [...text.matchAll(/(\w+)\s*(?:@\d+\s*)?:\s*[A-Z]/g)].map(([, name]) => name);

Deno.test("docs/protocol.md has a row for every call with each of its parameters and results", () => {
  const methods = [...schema.matchAll(/^ {2}(\w+) @\d+ \(([^)]*(?:\([^)]*\)[^)]*)*)\)\s*->\s*\(([^;]*)\);/gm)];
  assert(methods.length >= 32, `${methods.length} methods read from the schema`);
  for (const [, name, params, results] of methods) {
    const row = rowOf(name);
    for (const field of [...fieldsOf(params), ...fieldsOf(results)]) {
      assert(row.includes(`\`${field}\``), `docs/protocol.md: ${name} does not name ${field}`);
    }
  }
});

Deno.test("docs/protocol.md names every struct and each of its fields", () => {
  const structs = [...schema.matchAll(/^struct (\w+) (?:@0x[0-9a-f]+ )?\{([\s\S]*?)^\}/gm)];
  assert(structs.length >= 11, `${structs.length} structs read from the schema`);
  for (const [, name, body] of structs) {
    const text = name === "Entry"
      ? page.slice(page.indexOf("| field of `Entry` |"), page.indexOf("## DeliveryService"))
      : rowOf(name);
    for (const field of fieldsOf(body)) {
      assert(text.includes(`\`${field}\``), `docs/protocol.md: ${name} does not name ${field}`);
    }
  }
});

Deno.test("docs/protocol.md names every kind of entry and every error with its code", () => {
  const [, kinds] = /enum EntryKind @0x[0-9a-f]+ \{([\s\S]*?)\}/.exec(schema)!;
  for (const [, kind] of kinds.matchAll(/(\w+) @\d+/g)) {
    assert(page.includes(`\`${kind}\``), `docs/protocol.md does not name the kind ${kind}`);
  }
  const errors = [...schema.matchAll(/^const (\w+) :UInt16 = (\d+);/gm)];
  assert(errors.length >= 27, `${errors.length} errors read from the schema`);
  for (const [, name, code] of errors) {
    assert(
      page.includes(`E${code.padStart(3, "0")} | \`${name}\``),
      `docs/protocol.md does not name E${code.padStart(3, "0")} ${name}`,
    );
  }
});

/** The program's own files of a folder: no tests, no generated code. */
function sourcesOf(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) {
      return ["generated", "testing", "testdata", "node_modules"].includes(name)
        ? []
        : sourcesOf(new URL(`${name}/`, folder));
    }
    return name.endsWith(".ts") && !name.endsWith("_test.ts") ? [Deno.readTextFileSync(new URL(name, folder))] : [];
  });
}

Deno.test("docs/protocol.md and docs/specification.md have every label of a key or signature", () => {
  const text = ["schema", "client", "server-common", "server-core", "gateway", "cli"].flatMap((room) =>
    sourcesOf(new URL(`../${room}/`, import.meta.url))
  ).join("\n");
  const labels = new Set(
    [...text.matchAll(/["`](qpq\/1(?: [a-z ]*[a-z])?)(?:["`]|\$\{read\})/g)].map(([, label]) => label),
  );
  // The two that are put together from a variable.
  for (const part of ["commit", "welcome"]) labels.add(`qpq/1 ${part}`);
  assert(labels.size >= 25, `${labels.size} labels read from the code`);
  const section = page.slice(page.indexOf("## Labels"), page.indexOf("## Rules of a group"));
  const norm = readPage("docs/specification.md");
  const specification = norm.slice(norm.indexOf("### 2.9 "), norm.indexOf("## 3. "));
  for (const label of labels) {
    assert(section.includes(`\`${label}\``), `docs/protocol.md does not name the label "${label}"`);
    assert(specification.includes(`\`"${label}"\``), `docs/specification.md §2.9 does not name the label "${label}"`);
  }
});
