import assert from "node:assert/strict";
import { replaceFile } from "./replace_file.ts";

Deno.test("SERVERS 10: replaceFile() leaves the old file or the new one, for its owner alone", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/secret`;
  // What a crash left behind, readable for all.
  await Deno.writeTextFile(`${path}.new`, "a longer text than the next", { mode: 0o644 });
  await replaceFile(path, "first", 0o600);
  assert.equal(await Deno.readTextFile(path), "first");
  const reader = await Deno.open(path);
  await replaceFile(path, "second", 0o600);
  assert.equal(await new Response(reader.readable).text(), "first", "who has it open reads the old one to its end");
  assert.equal(await Deno.readTextFile(path), "second");
  if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await assert.rejects(replaceFile(`${folder}/none/secret`, "x", 0o600));
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["secret"]);
  await Deno.remove(folder, { recursive: true });
});
