import assert from "node:assert/strict";
import type { LeafNode } from "ts-mls";
import { encodeCbor } from "../../schema/cbor.ts";
import { commonFeatures, featuresExtension, featuresOf, featuresType, isOwnList, ownFeatures } from "./features.ts";

const leaf = (...extensions: unknown[]) => ({ extensions }) as unknown as LeafNode;
const list = (value: unknown) => ({ extensionType: featuresType, extensionData: encodeCbor(value as never) });

Deno.test("CONVERSATIONS: a leaf names its features, each once, sorted", () => {
  assert.deepEqual(featuresOf(leaf(featuresExtension(["b", "a", "b"]))), ["a", "b"]);
  assert.deepEqual(featuresOf(leaf(featuresExtension())), [...ownFeatures].sort());
  assert.equal(isOwnList(featuresOf(leaf(featuresExtension()))), true);
  assert.equal(isOwnList([]), false);
});

Deno.test("CONVERSATIONS: a leaf whose list is missing, doubled, malformed or too long names no features", () => {
  const many = Array.from({ length: 65 }, (_, index) => `f${index}`);
  const bad: LeafNode[] = [
    leaf(),
    leaf(featuresExtension(["a"]), featuresExtension(["a"])),
    leaf({ extensionType: featuresType, extensionData: Uint8Array.of(1, 2, 3) }),
    leaf(list({ v: 2, features: ["a"] })),
    leaf(list({ v: 1, features: "a" })),
    leaf(list({ v: 1, features: [1] })),
    leaf(list({ v: 1, features: ["a".repeat(33)] })),
    leaf(list({ v: 1, features: many })),
  ];
  for (const one of bad) assert.deepEqual(featuresOf(one), []);
  assert.equal(featuresOf(leaf(list({ v: 1, features: many.slice(0, 64) }))).length, 64);
});

Deno.test("CONVERSATIONS: a group has the features that all of its devices name", () => {
  assert.deepEqual(commonFeatures([]), []);
  assert.deepEqual(commonFeatures([{ features: ["a", "b"] }, { features: ["b", "c"] }]), ["b"]);
  assert.deepEqual(commonFeatures([{ features: ["a"] }, { features: [] }]), []);
});

Deno.test("CONVERSATIONS: the specification lists the features that this version names, and no others", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/specification.md", import.meta.url));
  const [, section] = page.split("### 1.8 Features of a leaf\n");
  const listed = [...section.split("\n## ")[0].matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(listed, [...ownFeatures].sort());
});
