import assert from "node:assert/strict";
import { BuildHashes } from "./build_hashes.ts";

const [first, second] = ["ab".repeat(32), "cd".repeat(32)];

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const write = (folder: string, manifest: unknown) =>
  Deno.writeTextFile(`${folder}/build-manifest.json`, JSON.stringify(manifest));

Deno.test("BuildHashes gives the manifest's hash for a file of the build, and follows the next build", () =>
  withFolder(async (folder) => {
    const hashes = new BuildHashes();
    const nowMs = Date.now();
    assert.equal(await hashes.hashOf(folder, "index.html", nowMs), undefined, "no manifest yet");
    await write(folder, { version: 1, files: { "index.html": first } });
    assert.equal(await hashes.hashOf(folder, "index.html", nowMs), first);
    assert.equal(await hashes.hashOf(folder, "other.html", nowMs), undefined);
    await write(folder, { version: 1, files: { "index.html": second, "more.js": first } });
    assert.equal(await hashes.hashOf(folder, "index.html", nowMs), second);
  }));

Deno.test("BuildHashes has no hash of a file that was changed after its build, and none with a damaged manifest", () =>
  withFolder(async (folder) => {
    const hashes = new BuildHashes();
    await write(folder, { version: 1, files: { "index.html": first, "a.js": 7, "b.js": "short" } });
    assert.equal(await hashes.hashOf(folder, "index.html", Date.now() + 120_000), undefined);
    assert.equal(await hashes.hashOf(folder, "a.js", Date.now()), undefined);
    assert.equal(await hashes.hashOf(folder, "b.js", Date.now()), undefined);
    await Deno.writeTextFile(`${folder}/build-manifest.json`, "{");
    assert.equal(await hashes.hashOf(folder, "index.html", Date.now()), undefined);
  }));
