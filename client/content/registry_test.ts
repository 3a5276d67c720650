import assert from "node:assert/strict";
import { utf8 } from "../../schema/bytes.ts";
import type { MessageContent } from "../api/engine_api.ts";
import { container, textBody } from "./body.ts";
import { Disposition, encodeMimiContent, type MimiContent, type NestedPart } from "./mimi_content.ts";
import { contentKinds, previewOf, readContent } from "./registry.ts";
import { draftExamples } from "./testing/examples.ts";
import { messageId, salt } from "./testing/lines.ts";

function kindOf(content: MimiContent): string {
  const result = readContent(encodeMimiContent(content));
  return result.kind === "read" ? result.message.kind : result.kind;
}

Deno.test("readContent() tells the draft's examples apart", () => {
  const all = draftExamples();
  if (!all) return;
  const kinds: Record<string, string> = {
    original: "text",
    mention: "reply",
    "mention-html": "reply",
    expiring: "text",
    attachment: "text",
    conferencing: "text",
    reply: "reply",
    reaction: "reaction",
    edit: "edit",
    delete: "delete",
    unlike: "delete",
    "multipart-1": "text",
    "multipart-2": "text",
    "multipart-3": "text",
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const result = readContent(all.get(name)!);
    assert.equal(result.kind === "read" && result.message.kind, kind, name);
  }
});

Deno.test("readContent() finds a kind for every container, and no throw in any bytes", () => {
  const nothing: NestedPart = { disposition: Disposition.render, language: "", cardinality: "null" };
  assert.equal(kindOf(container(salt, nothing)), "unsupported");
  assert.equal(kindOf(container(salt, nothing, { inReplyTo: messageId(1) })), "unsupported");
  const long = textBody("not a reaction ".repeat(9), Disposition.reaction);
  assert.equal(kindOf(container(salt, long, { inReplyTo: messageId(1) })), "reply", "the draft's §5.3");
  for (const bytes of [utf8("hello"), new Uint8Array(), encodeMimiContent(container(salt, nothing)).subarray(1)]) {
    assert.equal(readContent(bytes).kind, "malformed");
  }
});

Deno.test("previewOf() says something of every line, at most 200 characters", () => {
  const lines: [MessageContent, ReturnType<typeof previewOf>][] = [
    [{ text: "x".repeat(300) }, { text: "x".repeat(200) }],
    [{ text: "an answer", replyTo: { id: "01" } }, { text: "an answer" }],
    [{ text: "", deleted: true }, { text: "", deleted: true }],
    [{ text: "[image/png]", unsupported: true, edited: true }, { text: "[image/png]", unsupported: true }],
  ];
  for (const [line, preview] of lines) assert.deepEqual(previewOf(line), preview);
});

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const names = contentKinds.map(({ name }) => name);

/** What kinds have added to a message so far. A place that names one of these has to know the next one, too. */
const added = /\b(?:replyTo|reactions|edited|unsupported)\b/;

/** Files whose code, without comments, names one of {@link added}. Tests are left out. */
function sourcesWithFields(folders: readonly string[] = ["client/", "web/", "cli/"]): string[] {
  return folders.flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
      if (isDirectory) return name === "generated" ? [] : sourcesWithFields([`${folder}${name}/`]);
      if (!/\.tsx?$/.test(name) || /_test\.tsx?$/.test(name)) return [];
      const code = read(folder + name).replaceAll(/\/\*[^]*?\*\/|\/\/ .*/g, "");
      return added.test(code) ? [folder + name] : [];
    })
  );
}

Deno.test("every kind has a file, a test, a view, its words in both languages and a row in the specification", () => {
  assert.equal(new Set(names).size, names.length);
  const files = [...Deno.readDirSync(new URL("kinds/", import.meta.url))].map(({ name }) => name);
  assert.deepEqual(files.sort(), names.flatMap((name) => [`${name}.ts`, `${name}_test.ts`]).sort());
  const views = [...Deno.readDirSync(new URL("web/views/conversation/kinds/", root))].map(({ name }) => name);
  assert.deepEqual(views.sort(), names.map((name) => `${name}.tsx`).sort());
  const places = ["message_content", "message_row", "kinds/poll", "actions/message_dialogs"];
  const shown = places.map((place) => read(`web/views/conversation/${place}.tsx`)).join("")
    .replaceAll(/"\.\/(pollend)/g, '"./kinds/$1');
  for (const name of names) {
    assert.ok(shown.includes(`kinds/${name}.tsx`), `the view of ${name} has no place`);
    assert.match(read("docs/specification.md"), new RegExp(`^\\| ${name} +\\|`, "m"));
    // These show nothing but what their sender wrote or chose.
    for (const page of ["text", "attachments", "poll"].includes(name) ? [] : ["en", "de"]) {
      assert.ok(read(`web/i18n/${page}.ts`).includes(`"message.${name}": "`), `${page}: message.${name}`);
    }
  }
});

Deno.test("CONTRIBUTING lists the files that a kind touches, and the kinds that there are", () => {
  const [, section] = read("CONTRIBUTING.md").split("## Adding a kind of message\n");
  const [touched, kinds] = section.split("\n## ")[0].split("These are the kinds:");
  const paths = [...touched.matchAll(/^\| (`.+?) +\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)]);
  const files = paths.flatMap(([, path]) => path.includes("NAME") ? names.map((n) => path.replace("NAME", n)) : [path]);
  assert.ok(files.length >= 50, `${files.length} files`);
  for (const path of files) assert.ok(Deno.statSync(new URL(path, root)).isFile, path);
  assert.deepEqual(sourcesWithFields().filter((path) => !files.includes(path)), []);
  const listed = [...kinds.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, name, cell]) => [name, cell]);
  const expected = [...names].sort().map((
    name,
  ) => [name, `\`client/content/kinds/${name}.ts\`, \`web/views/conversation/kinds/${name}.tsx\``]);
  assert.deepEqual(listed, expected);
});
