import assert from "node:assert/strict";
import { type KeyPress, pageShortcuts, pressed, type ShortcutId, shortcuts } from "./shortcuts.ts";

const none = { code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
const ids = Object.keys(shortcuts) as ShortcutId[];
const found = (event: Partial<KeyPress> & { key: string }, apple = false) =>
  ids.filter((id) => pressed({ ...none, ...event }, id, apple));

Deno.test("CONVERSATIONS: a shortcut takes its own keys and no others", () => {
  assert.deepEqual(found({ key: "k", ctrlKey: true }), ["palette"]);
  assert.deepEqual(found({ key: "K", ctrlKey: true, shiftKey: true }), []);
  assert.deepEqual(found({ key: "k" }), []);
  assert.deepEqual(found({ key: "k", metaKey: true }, true), ["palette"]);
  // On Apple's keyboards Ctrl+K deletes to the end of the line.
  assert.deepEqual(found({ key: "k", ctrlKey: true }, true), []);
  assert.deepEqual(found({ key: "Enter" }), ["send"]);
  assert.deepEqual(found({ key: "Enter", shiftKey: true }), ["new-line"]);
  assert.deepEqual(found({ key: "Dead", code: "KeyN", altKey: true }, true), ["new-chat"]);
});

Deno.test("CONVERSATIONS: a sign counts with Shift and without, as keyboards have it", () => {
  assert.deepEqual(found({ key: "?", shiftKey: true }), ["help"]);
  assert.deepEqual(found({ key: "/", shiftKey: true }), ["search"]);
  assert.deepEqual(found({ key: "/" }), ["search"]);
  // AltGr is Ctrl and Alt.
  assert.deepEqual(found({ key: "?", ctrlKey: true, altKey: true }), []);
});

Deno.test("CONVERSATIONS: no two shortcuts of the whole page have the same keys", () => {
  const all = pageShortcuts.flatMap((id) => shortcuts[id].keys.map((keys) => JSON.stringify(keys)));
  assert.equal(new Set(all).size, all.length);
});

Deno.test("CONVERSATIONS: each shortcut of the help is bound somewhere", () => {
  const sources = ["./shortcut_keys.ts", "../views/conversation/composer.tsx"]
    .map((path) => Deno.readTextFileSync(new URL(path, import.meta.url))).join("\n");
  const composer = ids.filter((id) => !(pageShortcuts as readonly string[]).includes(id));
  // Those of the page are keys of a typed record, so a missing one does not compile.
  assert.match(sources, /Record<PageShortcut, \(\) => /);
  for (const id of composer) assert.ok(sources.includes(`pressed(event, "${id}")`), id);
});
