import assert from "node:assert/strict";
import { createTray } from "./tray.ts";

const file = (name: string, size = 3) => {
  const made = new File([new Uint8Array(3)], name, { type: "image/png" });
  Object.defineProperty(made, "size", { value: size });
  return made;
};
const nothing = () => Promise.resolve({});

Deno.test("CONVERSATIONS: a tray takes 30 files and says that it left the others out", () => {
  const tray = createTray(nothing);
  tray.add(Array.from({ length: 29 }, (_, index) => file(`${index}.png`)));
  assert.equal(tray.refusal(), undefined);
  tray.add([file("a.png"), file("b.png")]);
  assert.equal(tray.items().length, 30);
  assert.equal(tray.items().at(-1)?.name, "a.png");
  assert.deepEqual(tray.refusal(), { kind: "too-many" });
});

Deno.test("CONVERSATIONS: a file over 500 MiB is refused before anything of it is read", () => {
  const looked: string[] = [];
  const tray = createTray((file) => (looked.push(file.name), Promise.resolve({})));
  tray.add([file("film.mp4", 500 * 1024 * 1024 + 1), file("small.png")]);
  assert.deepEqual(tray.items().map(({ name }) => name), ["small.png"]);
  assert.deepEqual(looked, ["small.png"]);
  assert.deepEqual(tray.refusal(), { kind: "too-large", name: "film.mp4" });
});

Deno.test("CONVERSATIONS: what is found in a file comes later, and not to one that was removed", async () => {
  const looks = new Map<string, (found: object) => void>();
  const tray = createTray(({ name }) => new Promise((resolve) => looks.set(name, resolve)));
  tray.add([file("a.png"), file("b.png")]);
  tray.remove(tray.items()[0].id);
  for (const look of looks.values()) look({ shown: { width: 7, height: 5 } });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(tray.items().map(({ name, shown }) => [name, shown?.width]), [["b.png", 7]]);
});

Deno.test("CONVERSATIONS: a file that can not be looked into can be sent all the same", async () => {
  const tray = createTray(() => Promise.reject(new Error("gone")));
  tray.add([file("a.png")]);
  await new Promise((resolve) => setTimeout(resolve));
  tray.setOriginal(true);
  const { files, original } = tray.take();
  assert.deepEqual([files[0].kind, original], ["image", true]);
  assert.deepEqual([tray.items().length, tray.original()], [0, false]);
});

Deno.test("CONVERSATIONS: a recording that was left waits in the tray", () => {
  const tray = createTray(nothing);
  tray.addReady({ name: "voice.webm", type: "audio/webm", voice: true, durationMs: 5, source: new Blob(["abc"]) });
  const [{ kind, size, ready, shown }] = tray.items();
  assert.deepEqual([kind, size, ready?.voice, shown?.durationMs], ["voice", 3, true, 5]);
});
