/** The install step applies patches/ or fails: a security fix of a package can not be left out unseen. */

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { root } from "./paths.mjs";

/** The postinstall step of package.json, in a folder with the patched packages alone. */
async function postinstall(folder: string): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command("npm", {
    args: ["run", "postinstall"],
    cwd: folder,
    env: { PATH: `${root}/node_modules/.bin:${Deno.env.get("PATH")}` },
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the install step takes the patches as they are, and fails for each that does not apply", async () => {
  const folder = mkdtempSync(`${tmpdir()}/qpq-patches-`);
  try {
    cpSync(`${root}/package.json`, `${folder}/package.json`);
    cpSync(`${root}/patches`, `${folder}/patches`, { recursive: true });
    const patches = readdirSync(`${folder}/patches`);
    assert.ok(patches.length > 0);
    for (const patch of patches) {
      const name = patch.split("+").slice(0, -1).join("/");
      cpSync(`${root}/node_modules/${name}`, `${folder}/node_modules/${name}`, { recursive: true });
    }
    const whole = await postinstall(folder);
    assert.equal(whole.code, 0, whole.output);
    for (const patch of patches) {
      const file = `${folder}/patches/${patch}`;
      const content = readFileSync(file, "utf8");
      writeFileSync(file, content.replaceAll(/^([ -])(?=\s*\w)/gm, "$1another "));
      const broken = await postinstall(folder);
      assert.notEqual(broken.code, 0, `${patch} does not apply, and the install step said:\n${broken.output}`);
      writeFileSync(file, content);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
