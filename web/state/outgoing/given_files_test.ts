import assert from "node:assert/strict";
import { bringsFiles, droppedFiles, pastedFiles } from "./given_files.ts";

const picture = new File(["x"], "image.png", { type: "image/png" });
const item = (isDirectory: boolean | undefined) => ({
  kind: "file",
  webkitGetAsEntry: () => isDirectory === undefined ? null : { isDirectory },
});

Deno.test("CONVERSATIONS: a paste of text stays text, also with the picture that a word processor adds", () => {
  assert.deepEqual(pastedFiles({ types: ["text/plain", "text/html", "Files"], files: [picture], items: [] }), []);
  assert.deepEqual(pastedFiles({ types: ["Files"], files: [picture], items: [] }), [picture]);
  assert.deepEqual(pastedFiles({ types: ["text/plain"], files: [], items: [] }), []);
});

Deno.test("CONVERSATIONS: a drop gives its files, and says that there were folders", () => {
  const folder = new File([], "folder");
  const items = [{ kind: "string" }, item(true), item(false)];
  assert.deepEqual(droppedFiles({ types: ["Files"], files: [folder, picture], items }), {
    files: [picture],
    folders: true,
  });
  const plain = { types: ["Files"], files: [picture], items: [item(undefined)] };
  assert.deepEqual(droppedFiles(plain), { files: [picture], folders: false });
});

Deno.test("CONVERSATIONS: a drag of text or of a link is left to the browser", () => {
  assert.equal(bringsFiles({ types: ["text/uri-list"] }), false);
  assert.equal(bringsFiles({ types: ["Files"] }), true);
});
