/** The tree is the map: imports run one way (architecture §4) and never in a circle. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each room may import from, besides itself. */
const mayImport: Record<string, string[]> = {
  schema: [],
  client: ["schema"],
  web: ["client", "schema"],
  cli: ["client", "schema"],
  "server-common": ["schema"],
  gateway: ["schema", "server-common"],
  "server-core": ["schema", "server-common"],
};

/** The rooms of the client, highest first: each may import from those below it in this list, and from itself. */
const clientRooms = [
  "engine",
  "search",
  "sync/recovery",
  "sync/receive",
  "sync/reinit",
  "sync/membership",
  "sync/commits",
  "sync/send",
  "sync/device_messages",
  "sync/effects",
  "sync/conversation",
  "account",
  "connection",
  "content",
  "attachments",
  "mls",
  "crypto",
  "storage",
  "runtime",
  "api",
];

function sourcesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sourcesOf(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Relative imports, those of types too, as paths. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const found = source.matchAll(/^\s*(?:import|export)\s+(?:[^;"']*?\sfrom\s+)?["'](\.[^"']+)["']/gm);
  return [...found].map(([, specifier]) => join(dirname(file), specifier));
}

/** @param file a path below client/ */
function clientRoomOf(file: string): string {
  const [room, inner] = relative(join(root, "client"), file).split("/");
  return room === "sync" ? `${room}/${inner}` : room;
}

// Tests and their helpers may reach across: they put parts together that the product keeps apart.
const isTest = (file: string) => /_test\.tsx?$/.test(file) || file.includes("/testing/");

Deno.test("imports run web, cli → client → schema; server-core, gateway → server-common → schema", () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const [room, allowed] of Object.entries(mayImport)) {
    for (const file of sourcesOf(join(root, room)).filter((file) => !isTest(file))) {
      for (const target of importsOf(file)) {
        checked++;
        const targetRoom = relative(root, target).split("/")[0];
        if (targetRoom !== room && !allowed.includes(targetRoom)) {
          wrong.push(`${relative(root, file)} → ${relative(root, target)}`);
        }
      }
    }
  }
  assert.ok(checked > 50);
  assert.deepEqual(wrong, []);
});

Deno.test("rooms of the client import from lower rooms only", () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const file of sourcesOf(join(root, "client")).filter((file) => !isTest(file))) {
    const room = clientRooms.indexOf(clientRoomOf(file));
    assert.notEqual(room, -1, `${relative(root, file)} is in no room of the list`);
    for (const target of importsOf(file).filter((path) => path.startsWith(join(root, "client/")))) {
      checked++;
      const targetRoom = clientRooms.indexOf(clientRoomOf(target));
      if (targetRoom === -1 || targetRoom < room) wrong.push(`${relative(root, file)} → ${relative(root, target)}`);
    }
  }
  assert.ok(checked > 300);
  assert.deepEqual(wrong.sort(), []);
});

Deno.test("CONVERSATIONS: web/media/ is shared by page and service worker: it knows neither views nor state", () => {
  const media = join(root, "web/media/");
  const allowed = ["web/media/", "client/api/", "client/content/picture_header.ts"].map((folder) => join(root, folder));
  const files = sourcesOf(media).filter((file) => !isTest(file));
  assert.ok(files.length > 5);
  for (const file of files) {
    for (const target of importsOf(file)) {
      assert.ok(
        allowed.some((folder) => target.startsWith(folder)),
        `${relative(root, file)} → ${relative(root, target)}`,
      );
    }
  }
});

Deno.test("no file imports itself through others", () => {
  const files = Object.keys(mayImport).flatMap((room) => sourcesOf(join(root, room)));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].map((step) => relative(root, step)).join(" → "));
      return;
    }
    if (done.has(file) || !existsSync(file)) return;
    for (const target of importsOf(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});
