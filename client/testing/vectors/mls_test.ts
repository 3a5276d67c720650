import assert from "node:assert/strict";
import { mlsVectorNames, runMlsVectors } from "./mls.ts";
import { vectorLoader } from "./testing_vectors.ts";

const load = vectorLoader();

for (const name of mlsVectorNames) {
  Deno.test(`ts-mls on our provider meets the MLS vectors ${name}`, async () => {
    if (load === undefined) return;
    const { checked } = await runMlsVectors(name, await load(`mls/${name}.json`));
    assert.ok(checked > 0);
  });
}

Deno.test("runMlsVectors() throws on a changed vector and on a file without one of our suite", async () => {
  if (load === undefined) return;
  const vectors = await load("mls/psk_secret.json") as Record<string, unknown>[];
  await assert.rejects(runMlsVectors("psk_secret", vectors.map((vector) => ({ ...vector, psk_secret: "ff" }))), {
    name: "VectorError",
  });
  await assert.rejects(runMlsVectors("psk_secret", vectors.map((vector) => ({ ...vector, cipher_suite: 2 }))), {
    name: "VectorError",
  });
  await assert.rejects(runMlsVectors("unknown", vectors), { name: "VectorError" });
});
