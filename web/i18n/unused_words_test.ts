import assert from "node:assert/strict";
import { en } from "./en.ts";

const web = new URL("../", import.meta.url);

/** The sources of a folder of web/, without tests and their helpers. */
function sourcesOf(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "testing" ? [] : sourcesOf(new URL(`${name}/`, folder));
    return /\.tsx?$/.test(name) && !/_test\.tsx?$/.test(name) ? [new URL(name, folder)] : [];
  });
}

const isWords = ({ pathname }: URL) => pathname.includes("/i18n/") && !pathname.endsWith("/language.ts");
const sources = sourcesOf(web).filter((url) => !isWords(url)).map((url) => Deno.readTextFileSync(url)).join("\n");
const literals = new Set([...sources.matchAll(/"([\w.-]+)"/g)].map(([, key]) => key));
/** What stands in `…${…}…`: a place is filled with a word, not with a part of the path. */
const templates = [...sources.matchAll(/`([\w.-]*\$\{[^`\s]+\}[\w.-]*|[\w.-]*\$\{[^`}]+\}[\w.-]*)`/g)]
  .map(([, template]) => template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(".", "\\.")).join("[a-z0-9-]+"))
  .filter((pattern) => /^[a-z-]/.test(pattern))
  .map((pattern) => new RegExp(`^${pattern}$`));
const isUsed = (key: string) => literals.has(key) || templates.some((template) => template.test(key));

Deno.test("CONVERSATIONS: every sentence of the interface is used somewhere", () => {
  const stems = Object.keys(en).map((key) => key.replace(/_(?:one|other)$/, ""));
  assert.deepEqual(stems.filter((key) => !isUsed(key)), []);
  assert.equal(isUsed("settings.no-such-sentence"), false);
});

Deno.test("CONVERSATIONS: every sentence of a part that is loaded later is used somewhere", async () => {
  const pages = sourcesOf(new URL("i18n/", web)).filter(({ pathname }) => pathname.endsWith("_words.ts"));
  assert.ok(pages.length >= 8);
  for (const url of pages) {
    // The names are those of the English catalogue, up to its end.
    const [, catalogue = ""] = /^const en[^=]*= \{\n(.*?)^\};$/ms.exec(await Deno.readTextFile(url)) ?? [];
    const names = [...catalogue.matchAll(/^ {2}"?([\w-]+)"?:/gm)].map(([, name]) => name);
    const unused = names.filter((name) =>
      !isUsed(name) && !new RegExp(`\\.${name}\\b|[{,] ${name}[ ,:]`).test(sources)
    );
    assert.deepEqual(unused, [], url.pathname);
  }
});
