import assert from "node:assert/strict";
import { decodeMlsMessage } from "ts-mls";
import { equalBytes, toHex } from "../../schema/bytes.ts";
import { leafAt } from "./identity.ts";
import { parseKeyPackage } from "./key_package.ts";
import { accountsToBlame, checkUniqueKeys, clashingAdds, keyClashes } from "./rules_unique_keys.ts";
import { forgePending, withPathKey } from "./testing/forge.ts";
import { keyPackageOf, makeAccount, makeDevice, makeDevices, makeGroup, now } from "./testing/group.ts";
import { alice, bob, carol, devices, mls } from "./testing/rules.ts";
import { spoiledKeyPackage } from "./testing/spoiled_key_package.ts";
import type { GroupState, PendingCommit } from "./types.ts";

const leafKey = (state: GroupState, leafIndex: number) => leafAt(state.mls.ratchetTree, leafIndex)!.hpkePublicKey;

/** What a member makes of a commit, as far as these rules go. */
async function judged(victim: GroupState, { n, commitId, bundle }: PendingCommit) {
  const header = bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, victim.ownRecipientKey))!.header;
  const result = await mls.processCommit(victim, { n, commitId, header, sealedCommit: bundle.sealedCommit });
  return result.kind === "rejected"
    ? { code: result.code, by: result.by && toHex(result.by) }
    : { code: result.kind, by: undefined };
}

const keyOf = (place: number) => toHex(devices[place].keyPair.publicKey);

Deno.test("GRP-6.5: an Add with the encryption key of a leaf, a parent node or another Add is refused", async () => {
  const [dave, eve] = [await makeDevice(await makeAccount("dave")), await makeDevice(await makeAccount("eve"))];
  const root = alice.mls.ratchetTree.find((node) => node?.nodeType === "parent")!;
  const twin = (await parseKeyPackage((await keyPackageOf(eve)).keyPackage)).keyPackage.leafNode.hpkePublicKey;
  for (const key of [leafKey(alice, 2), root.nodeType === "parent" ? root.parent.hpkePublicKey : twin]) {
    const spoiled = await spoiledKeyPackage(dave, { leafKey: key });
    const forged = await forgePending(bob, [await parseKeyPackage(spoiled)]);
    assert.deepEqual(await judged(alice, forged), { code: "GRP-6.5", by: keyOf(1) });
    await assert.rejects(mls.buildCommit(bob, { add: [spoiled], nowMs: now() }), { code: "GRP-6.5" });
  }
  const pair = await Promise.all([dave, eve].map((device) => spoiledKeyPackage(device, { leafKey: twin })));
  const forged = await forgePending(bob, await Promise.all(pair.map(parseKeyPackage)));
  assert.deepEqual(await judged(alice, forged), { code: "GRP-6.5", by: keyOf(1) });
  assert.deepEqual(
    (await mls.badAdds(bob, { add: pair, nowMs: now() })).map(({ index, username }) => [index, username]),
    [[1, "eve"]],
    "the first of the two can be added",
  );
  const { pending } = await mls.buildCommit(bob, { add: [pair[0]], nowMs: now() });
  assert.equal((await judged(alice, pending)).code, "processed");
});

Deno.test("GRP-6.5: a committer's leaf or path with another's key is refused before the state is kept", async () => {
  const forged = await withPathKey(0, leafKey(alice, 2), () => mls.buildCommit(bob, { nowMs: now() }));
  for (const victim of [alice, carol]) {
    assert.deepEqual(await judged(victim, forged.pending), { code: "GRP-6.5", by: keyOf(1) });
  }
  // A parent node whose path secret no honest device gets: two devices of one account are alone below it.
  const mallory = await makeAccount("mallory");
  const honest = await makeDevices("ann", "ben");
  const group = await makeGroup([...honest, await makeDevice(mallory), await makeDevice(mallory)]);
  const [victim, , third] = group.states;
  const path = await withPathKey(1, leafKey(victim, 0), () => group.mls.buildCommit(third, { nowMs: now() }));
  const { n, commitId, bundle } = path.pending;
  const result = await group.mls.processCommit(victim, {
    n,
    commitId,
    header: bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, victim.ownRecipientKey))!.header,
    sealedCommit: bundle.sealedCommit,
  });
  assert.equal(result.kind === "rejected" && result.code, "GRP-6.5");
});

Deno.test("GRP-6.5: a Welcome with such a tree, or with a key of small order in it, is refused", async () => {
  const [dave, eve] = [await makeDevice(await makeAccount("dave")), await makeDevice(await makeAccount("eve"))];
  const own = await keyPackageOf(dave);
  for (const key of [leafKey(alice, 2), new Uint8Array(32)]) {
    const parsed = await parseKeyPackage(own.keyPackage);
    const spoiled = await parseKeyPackage((await keyPackageOf(eve)).keyPackage);
    const bad = decodedOf(await spoiledKeyPackage(eve, { leafKey: key }));
    const { n, bundle } = await forgePending(bob, [parsed, { ...spoiled, keyPackage: bad }]);
    const joined = await mls.joinFromWelcome({
      channelId: bob.channelId,
      n,
      header: bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, dave.keyPair.publicKey))!.header,
      sealedWelcome: bundle.sealedWelcome,
      candidates: [own.privateRecord],
      live: false,
    });
    assert.equal(joined.kind === "rejected" && joined.code, "GRP-6.5", JSON.stringify(joined.kind));
  }
});

Deno.test("GRP-6.5: nothing is committed on a damaged tree, and nobody is blamed for a commit there", async () => {
  const damaged = await withPathKey(0, leafKey(alice, 2), () => mls.buildCommit(bob, { nowMs: now() }));
  const state = mls.mergePending(damaged.newState, damaged.pending);
  assert.deepEqual(mls.damage(state), [], "the tree does not say which of two accounts has copied");
  assert.equal(mls.damage(alice), undefined);
  await assert.rejects(mls.buildCommit(state, { nowMs: now() }), { code: "GRP-6.5" });
});

Deno.test("accountsToBlame() names the account of two devices with one key, and nobody else", async () => {
  const mallory = await makeAccount("mallory");
  const [first, second] = [await makeDevice(mallory), await makeDevice(mallory)];
  const twins = await Promise.all(
    [first, second].map(async (device) =>
      await parseKeyPackage(await spoiledKeyPackage(device, { leafKey: new Uint8Array(32).fill(9) }))
    ),
  );
  const { newState } = await forgePending(alice, twins);
  assert.deepEqual(accountsToBlame(newState.mls.ratchetTree), [toHex(mallory.root.publicKey)]);
  assert.equal(checkUniqueKeys(newState.mls.ratchetTree)?.code, "GRP-6.5");
  assert.deepEqual(keyClashes(alice.mls.ratchetTree), []);
  const [ann] = await makeDevices("ann");
  const copy = await parseKeyPackage(await spoiledKeyPackage(ann, { leafKey: leafKey(alice, 1) }));
  assert.deepEqual(accountsToBlame((await forgePending(alice, [copy])).newState.mls.ratchetTree), []);
});

Deno.test("clashingAdds() lets a device come back whose leaf the commit removes", async () => {
  const again = (await parseKeyPackage((await keyPackageOf(devices[2])).keyPackage)).keyPackage.leafNode;
  const { ratchetTree } = alice.mls;
  assert.deepEqual([...clashingAdds(ratchetTree, new Set([2]), [again])], []);
  assert.deepEqual([...clashingAdds(ratchetTree, new Set(), [again])], [0]);
  assert.deepEqual([...clashingAdds(ratchetTree, new Set([2]), [again, again])], [1]);
});

/** A KeyPackage that {@link parseKeyPackage} refuses. */
function decodedOf(message: Uint8Array) {
  const decoded = decodeMlsMessage(message, 0)![0];
  if (decoded.wireformat !== "mls_key_package") throw new Error("not a KeyPackage");
  return decoded.keyPackage;
}
