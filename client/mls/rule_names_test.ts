import assert from "node:assert/strict";
import { readPage } from "../../schema/testing/doc_page.ts";

/** All files of a folder and those below it, by path. */
function filesOf(folder: URL): [string, string][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const place = new URL(isDirectory ? `${name}/` : name, folder);
    return isDirectory
      ? filesOf(place)
      : name.endsWith(".ts")
      ? [[place.pathname, Deno.readTextFileSync(place)] as [string, string]]
      : [];
  });
}

const rule = /GRP-\d\.\d/g;

Deno.test("every GRP rule that the code names has a test and a row in docs/protocol.md", () => {
  const files = ["../", "../../server-core/"].flatMap((folder) => filesOf(new URL(folder, import.meta.url)));
  const named = new Set(
    files.filter(([path]) => !path.endsWith("_test.ts")).flatMap(([, text]) => text.match(rule) ?? []),
  );
  const tested = new Set(
    files.filter(([path]) => path.endsWith("_test.ts")).flatMap(([, text]) =>
      [...text.matchAll(
        /^\s*(?:Deno\.test\()?"(?:PEOPLE [AB]\d: |CONVERSATIONS: )?((?:GRP-\d(?:\.\d)?(?:, | and )?)+)/gm,
      )].flatMap((
        [, start],
      ) => start.match(rule) ?? [])
    ),
  );
  assert.ok(named.size >= 25, `${named.size} rules found in the code`);
  assert.deepEqual([...named].filter((number) => !tested.has(number)).sort(), []);
  const page = readPage("docs/protocol.md");
  assert.deepEqual(
    [...named].filter((number) => !page.includes(`| ${number} |`)).sort(),
    [],
    "rows in docs/protocol.md",
  );
});
