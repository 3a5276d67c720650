import assert from "node:assert/strict";
import { runAllVectors } from "./all.ts";
import { runOpaqueVectors } from "./opaque.ts";
import { vectorLoader } from "./testing_vectors.ts";
import { runWycheproof } from "./wycheproof.ts";
import { runXWingVectors } from "./xwing.ts";

const load = vectorLoader();

Deno.test("runAllVectors() checks every file: twelve of MLS, four of Wycheproof, X-Wing and OPAQUE", async () => {
  if (load === undefined) return;
  const counts = await runAllVectors(load);
  assert.equal(Object.keys(counts).length, 18);
  assert.ok(Object.values(counts).every((checked) => checked > 0));
});

Deno.test("the runners throw when a result differs from the file", async () => {
  if (load === undefined) return;
  const xwing = await load("xwing/test-vectors.json") as Record<string, string>[];
  await assert.rejects(runXWingVectors([{ ...xwing[0], ss: xwing[1].ss }]), { name: "VectorError" });
  const hkdf = await load("wycheproof/hkdf_sha256_test.json") as { testGroups: { tests: Record<string, unknown>[] }[] };
  const changed = { testGroups: [{ tests: [{ ...hkdf.testGroups[0].tests[0], result: "invalid" }] }] };
  await assert.rejects(runWycheproof("hkdf_sha256_test", changed), { name: "VectorError" });
  const opaque = await load("opaque/draft-07.json") as { config: object; inputs: object; outputs: object }[];
  await assert.rejects(runOpaqueVectors([{ ...opaque[2], outputs: { ...opaque[2].outputs, KE3: "00" } }]), {
    name: "VectorError",
  });
  await assert.rejects(runOpaqueVectors([opaque[0]]), { name: "VectorError" });
});
