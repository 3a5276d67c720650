import assert from "node:assert/strict";
import { maxLeafBytes, ownCapabilities } from "./extensions.ts";
import { parseKeyPackage } from "./key_package.ts";
import { forgeCommit, forgeWelcome } from "./testing/forge.ts";
import { keyPackageOf, makeAccount, makeDevice } from "./testing/group.ts";
import { alice, bob, carol, channelId, mls, refusal, withFreshKey } from "./testing/rules.ts";
import { spoiledKeyPackage } from "./testing/spoiled_key_package.ts";

/** An extension that every leaf may have (RFC 9420 §7.2). */
const withBytes = (length: number) => ({
  leaf: <L extends { extensions: object[] }>(leaf: L): L => {
    const fresh = withFreshKey(leaf);
    const extension = { extensionType: "application_id", extensionData: new Uint8Array(length) };
    return { ...fresh, extensions: [...fresh.extensions, extension] };
  },
});

Deno.test("PEOPLE A1: a commit whose leaf would fill every Welcome is refused, and its maker is proven", async () => {
  assert.equal(await refusal(bob, alice, withBytes(maxLeafBytes)), "GRP-3.2");
  const refused = await mls.processCommit(alice, await forgeCommit(bob, alice, withBytes(maxLeafBytes)));
  assert.deepEqual(refused.kind === "rejected" && refused.by, bob.ownRecipientKey);
  const small = await mls.processCommit(alice, await forgeCommit(bob, alice, withBytes(100)));
  assert.equal(small.kind, "processed", "the forgery itself is sound");
});

Deno.test("PEOPLE A1: a KeyPackage whose leaf would fill every Welcome is refused", async () => {
  const capabilities = (types: number) => ({
    ...ownCapabilities(),
    extensions: [...ownCapabilities().extensions, ...many(types)],
  });
  const many = (types: number) => Array.from({ length: types }, (_, index) => 0xe000 + index);
  const device = await makeDevice(await makeAccount("dave"));
  const made = async (types: number) => await spoiledKeyPackage(device, { capabilities: capabilities(types) });
  await assert.rejects(parseKeyPackage(await made(maxLeafBytes / 2)), /the leaf is too large/);
  assert.ok(await parseKeyPackage(await made(100)));
});

Deno.test("PEOPLE A8: a Welcome whose ratchet tree is none is refused, not thrown", async () => {
  const { keyPackage, privateRecord } = await keyPackageOf(await makeDevice(await makeAccount("dave")));
  const parsed = await parseKeyPackage(keyPackage);
  for (const length of [0, 1, 3, 400]) {
    const extensionData = crypto.getRandomValues(new Uint8Array(length));
    const forged = await forgeWelcome(carol, parsed, {}, {}, {
      groupInfoExtensions: [{ extensionType: "ratchet_tree", extensionData }],
    });
    const joined = await mls.joinFromWelcome({ channelId, ...forged, candidates: [privateRecord], live: false });
    assert.equal(joined.kind, "rejected", `${length} bytes`);
  }
});
