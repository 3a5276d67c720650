import assert from "node:assert/strict";
import { encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { toHex } from "../../schema/bytes.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { createMls, type GroupState, type PendingCommit } from "./group.ts";
import { keyPackageOf, makeAccount, makeDevice, makeGroup, now, trusting } from "./testing/group.ts";

// The effects of patches/ts-mls+1.6.4.patch. Each test fails on the package as published.

const mls = createMls(trusting);

async function deliver(state: GroupState, { n, commitId, bundle }: PendingCommit): Promise<GroupState> {
  const header = bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(state.ownRecipientKey))
    ?.header;
  const result = await mls.processCommit(state, { n, commitId, header, sealedCommit: bundle.sealedCommit });
  if (result.kind !== "processed") assert.fail(JSON.stringify(result));
  return result.newState;
}

async function commit(
  state: GroupState,
  intent: { add?: Uint8Array[]; remove?: Uint8Array[]; info?: { name: string } },
) {
  const { newState, pending } = await mls.buildCommit(state, { ...intent, nowMs: now() });
  return { merged: mls.mergePending(newState, pending), pending };
}

Deno.test("ts-mls is patched: a tree with differing unmerged leaves of node and parent is joined", async () => {
  const account = await makeAccount("alice");
  const devices = await Promise.all(Array.from({ length: 6 }, () => makeDevice(account)));
  const { states, channelId } = await makeGroup(devices.slice(0, 5));
  // Leaf 0 removes leaf 1, so that its path sets the parents above the gap (nodes 3 and 7) ...
  const removal = await commit(states[0], { remove: [states[1].ownRecipientKey] });
  const fourth = await deliver(states[4], removal.pending);
  // ... then leaf 4 fills the gap: node 3 lists leaf 1 as unmerged, the root, fresh from leaf 4's path, does
  // not (RFC 9420 §7.9).
  const { keyPackage, privateRecord } = await keyPackageOf(devices[5]);
  const { merged, pending: { n, bundle } } = await commit(fourth, { add: [keyPackage] });
  const unmerged = (nodeIndex: number) => {
    const node = merged.mls.ratchetTree[nodeIndex];
    return node?.nodeType === "parent" ? node.parent.unmergedLeaves : undefined;
  };
  assert.deepEqual([unmerged(3), unmerged(7)], [[1], []]);
  const header =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(devices[5].keyPair.publicKey))!.header;
  const joined = await mls.joinFromWelcome({
    channelId,
    n,
    header,
    sealedWelcome: bundle.sealedWelcome,
    candidates: [privateRecord],
    live: false,
  });
  assert.equal(joined.kind, "processed", joined.kind === "rejected" ? joined.reason : joined.kind);
});

Deno.test("ts-mls is patched: a commit of the PSK alone carries a path with fresh keys", async () => {
  const account = await makeAccount("alice");
  const { states: [first, second] } = await makeGroup(await Promise.all([makeDevice(account), makeDevice(account)]));
  const { merged, pending } = await commit(first, {});
  const [before, after] = [first, merged].map(({ mls: { ratchetTree: [leaf] } }) =>
    leaf?.nodeType === "leaf" ? toHex(leaf.leaf.hpkePublicKey) : ""
  );
  assert.notEqual(before, after);
  assert.deepEqual(mls.transcriptHash(await deliver(second, pending)), mls.transcriptHash(merged));
});

Deno.test("ts-mls is patched: a path beside changed GroupContext extensions opens (RFC 9420 §12.4.1)", async () => {
  const account = await makeAccount("alice");
  const { states: [first, second] } = await makeGroup(await Promise.all([makeDevice(account), makeDevice(account)]));
  const { pending } = await commit(first, { info: { name: "renamed" } });
  assert.equal(mls.info(await deliver(second, pending)).name, "renamed");
});

Deno.test("ts-mls is patched: the digests of a join grow linearly with the members", async () => {
  const account = await makeAccount("alice");
  const devices = await Promise.all(Array.from({ length: 48 }, () => makeDevice(account)));
  const { states: [founder], channelId } = await makeGroup(devices.slice(0, 1));
  const packages = await Promise.all(devices.slice(1).map((device) => keyPackageOf(device)));
  const { pending: { n, bundle } } = await commit(founder, { add: packages.map(({ keyPackage }) => keyPackage) });
  const header =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(devices[47].keyPair.publicKey))!.header;
  const { digest } = ciphersuite.hash;
  let digests = 0;
  ciphersuite.hash.digest = (data) => (digests++, digest(data));
  try {
    const joined = await mls.joinFromWelcome({
      channelId,
      n,
      header,
      sealedWelcome: bundle.sealedWelcome,
      candidates: [packages[46].privateRecord],
      live: false,
    });
    assert.equal(joined.kind, "processed");
  } finally {
    ciphersuite.hash.digest = digest;
  }
  // 257 here; as published 30,379 at 200 members, where 1,025 are enough.
  assert.ok(digests < 10 * devices.length, `${digests} digests`);
});

Deno.test("ts-mls is patched: a context under which a commit seals to many is encoded once", async () => {
  const infos: Uint8Array[] = [];
  const hpke = {
    ...ciphersuite.hpke,
    seal: (
      _key: unknown,
      _plaintext: unknown,
      info: Uint8Array,
    ) => (infos.push(info), Promise.resolve({ ct: info, enc: info })),
  };
  const [context, other] = [new Uint8Array(5000).fill(1), new Uint8Array(5000).fill(2)];
  for (
    const [label, sealed] of [["Welcome", context], ["Welcome", context], ["UpdatePathNode", context], [
      "Welcome",
      other,
    ]] as const
  ) {
    await encryptWithLabel(new Uint8Array(32) as never, label, sealed, new Uint8Array(), hpke as never);
  }
  assert.ok(infos[0] === infos[1], "one array for both");
  assert.equal(new Set(infos.map(toHex)).size, 3, "and another for every other label and context");
});

Deno.test("ts-mls is patched: a KeyPackage's lifetime is judged by the time that is passed in", async () => {
  const account = await makeAccount("alice");
  const [first, second] = await Promise.all([makeDevice(account), makeDevice(account)]);
  const { states: [founder] } = await makeGroup([first]);
  const { keyPackage } = await keyPackageOf(second);
  const deviceNow = Date.now;
  try {
    for (const hours of [-3, 30]) {
      Date.now = () => deviceNow() + hours * 3_600_000;
      const { pending } = await mls.buildCommit(founder, { add: [keyPackage], nowMs: deviceNow() });
      assert.equal(pending.added.length, 1, `${hours} hours off`);
    }
  } finally {
    Date.now = deviceNow;
  }
});
