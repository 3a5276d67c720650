import assert from "node:assert/strict";
import { equalBytes, toHex } from "../../schema/bytes.ts";
import { encodeCbor } from "../../schema/cbor.ts";
import { createMls, parseKeyPackage, type PendingCommit } from "./group.ts";
import { openReadd, type ReaddRequest, readdWindow, signReadd, validReadds } from "./readd.ts";
import { forgeCommit, remove } from "./testing/forge.ts";
import { keyPackageOf, makeDevices, makeGroup, now, type TestDevice } from "./testing/group.ts";

const devices = await makeDevices("alice", "bob", "carol", "dave");
const [, bobDevice, carolDevice] = devices;
const { mls, states: [alice, bob, carol], channelId } = await makeGroup(devices);
const aliceDevice = devices[0];

async function requestOf(device: TestDevice, change: Partial<ReaddRequest> = {}, seed = device.keyPair.seed) {
  const { keyPackage, ref, privateRecord } = await keyPackageOf(device);
  const request = await signReadd({
    channelId,
    recipientKey: device.keyPair.publicKey,
    keyPackageRef: ref,
    epoch: 1n,
    ...change,
  }, seed);
  return { keyPackage, privateRecord, request };
}

/** Tries an intent of bob, a member that is no admin. @returns the code of the refusal, or undefined */
async function refusal(
  device: TestDevice,
  keyPackage: Uint8Array,
  requests: Uint8Array[],
): Promise<string | undefined> {
  return await mls.buildCommit(bob, { remove: [device.keyPair.publicKey], add: [keyPackage], requests, nowMs: now() })
    .then(() => undefined, (error) => error.code);
}

Deno.test("GRP-3.3: a member re-adds a device that signed a request for it", async () => {
  const { keyPackage, privateRecord, request } = await requestOf(carolDevice);
  const { pending } = await mls.buildCommit(bob, {
    remove: [carolDevice.keyPair.publicKey],
    add: [keyPackage],
    requests: [request],
    nowMs: now(),
  });
  const headerOf = (key: Uint8Array) =>
    pending.bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, key))!.header;
  const { n, commitId, bundle } = pending;
  const processed = await mls.processCommit(alice, {
    n,
    commitId,
    header: headerOf(alice.ownRecipientKey),
    sealedCommit: bundle.sealedCommit,
  });
  assert.ok(processed.kind === "processed", JSON.stringify(processed.kind));
  assert.deepEqual(processed.readded.map(({ credential }) => credential.username), ["carol"]);
  assert.deepEqual(processed.membersHash, await mls.membersHash(processed.newState));
  const joined = await mls.joinFromWelcome({
    channelId,
    n,
    header: headerOf(carolDevice.keyPair.publicKey),
    sealedWelcome: bundle.sealedWelcome,
    candidates: [privateRecord],
    live: false,
  });
  assert.equal(joined.kind, "processed");
  // The same request once more. Its KeyPackage is in the tree already.
  const again = mls.buildCommit(mls.mergePending(bob, pending), {
    remove: [carolDevice.keyPair.publicKey],
    add: [keyPackage],
    requests: [request],
    nowMs: now(),
  });
  await assert.rejects(again, { code: "GRP-3.3" });
});

Deno.test("PEOPLE A5: a member that knows of a revocation re-adds nobody, and follows a commit that does", async () => {
  const { keyPackage, request } = await requestOf(carolDevice);
  const intent = { remove: [carolDevice.keyPair.publicKey], add: [keyPackage], requests: [request], nowMs: now() };
  const isCarol = (name: string) => name === "carol";
  const knows = createMls({
    // As client/account/directory/leaf_trust.ts judges a revoked device.
    trust: async ({ username }, _key, use) => use === "add" && isCarol(username) ? "carol's device is revoked" : true,
    isRevoked: async ({ username }) => isCarol(username),
  });
  await assert.rejects(knows.buildCommit(bob, intent), /revoked/);
  const { pending: { n, commitId, bundle } } = await mls.buildCommit(bob, intent);
  const header = bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, alice.ownRecipientKey))!.header;
  const entry = { n, commitId, header, sealedCommit: bundle.sealedCommit };
  const [aware, unaware] = [await knows.processCommit(alice, entry), await mls.processCommit(alice, entry)];
  if (aware.kind !== "processed" || unaware.kind !== "processed") assert.fail(`${aware.kind} ${unaware.kind}`);
  assert.deepEqual(knows.transcriptHash(aware.newState), mls.transcriptHash(unaware.newState));
  const { pending } = await knows.buildCommit(aware.newState, {
    remove: [carolDevice.keyPair.publicKey],
    nowMs: now(),
  });
  assert.deepEqual(pending.removed, [carolDevice.keyPair.publicKey], "and takes the device out again");
});

Deno.test("PEOPLE A5: a commit is not refused because nobody can say now whether a device is revoked", async () => {
  const offline = createMls({ trust: async () => true, isRevoked: () => Promise.reject(new Error("no answer")) });
  const revoking = createMls({ trust: async () => true, isRevoked: async () => true });
  const deliver = async ({ n, commitId, bundle }: PendingCommit) => {
    const { header } = bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, carol.ownRecipientKey))!;
    return await offline.processCommit(carol, { n, commitId, header, sealedCommit: bundle.sealedCommit });
  };
  const remove = { remove: [devices[3].keyPair.publicKey], nowMs: now() };
  const { pending: byAdmin } = await mls.buildCommit(alice, remove);
  assert.equal((await deliver(byAdmin)).kind, "processed", "not asked where the answer does not matter");
  const { pending: byMember } = await revoking.buildCommit(bob, remove);
  await assert.rejects(deliver(byMember), /no answer/);
});

Deno.test("GRP-3.3: a member without a valid request of the device can not replace it", async () => {
  const { keyPackage, request } = await requestOf(aliceDevice);
  assert.equal(await refusal(aliceDevice, keyPackage, [request]), undefined, "the request itself is good");
  assert.equal(await refusal(aliceDevice, keyPackage, []), "GRP-3.3");
  const other = await requestOf(aliceDevice);
  assert.equal(
    await refusal(aliceDevice, other.keyPackage, [request]),
    "GRP-3.3",
    "another KeyPackage of the same device",
  );
  const forged = await requestOf(aliceDevice, {}, bobDevice.keyPair.seed);
  assert.equal(await refusal(aliceDevice, forged.keyPackage, [forged.request]), "GRP-3.3", "signed by bob");
  const carols = await requestOf(carolDevice);
  assert.equal(await refusal(aliceDevice, keyPackage, [carols.request]), "GRP-3.3", "carol's wish");
  const elsewhere = await requestOf(aliceDevice, { channelId: new Uint8Array(32) });
  assert.equal(await refusal(aliceDevice, elsewhere.keyPackage, [elsewhere.request]), "GRP-3.3", "another channel");
  const later = await requestOf(aliceDevice, { epoch: 2n });
  assert.equal(await refusal(aliceDevice, later.keyPackage, [later.request]), "GRP-3.3", "an epoch that has not been");
  // A Remove without an Add does not re-add her.
  await assert.rejects(
    mls.buildCommit(bob, { remove: [aliceDevice.keyPair.publicKey], requests: [request], nowMs: now() }),
    { code: "GRP-3.3" },
  );
});

Deno.test("GRP-3.3: a receiver accepts Remove + Add only with the request in the commit", async () => {
  const { keyPackage, request } = await requestOf(carolDevice);
  const parsed = await parseKeyPackage(keyPackage);
  const key = carolDevice.keyPair.publicKey;
  const proposals = [remove(2), { proposalType: "add" as const, add: { keyPackage: parsed.keyPackage } }];
  const without = await mls.processCommit(
    alice,
    await forgeCommit(bob, alice, { proposals, removed: [key], added: [key] }),
  );
  assert.equal(without.kind === "rejected" && without.code, "GRP-3.3");
  const withRequest = await mls.processCommit(
    alice,
    await forgeCommit(bob, alice, { proposals, removed: [key], added: [key], requests: [request] }),
  );
  assert.equal(withRequest.kind, "processed");
  assert.equal(carol.epoch, 1n);
});

Deno.test("validReadds() takes requests of this channel for the next 32 epochs", async () => {
  const { request } = await requestOf(carolDevice, { epoch: 5n });
  const count = async (n: bigint, channel = channelId) =>
    (await validReadds([request, new Uint8Array([1])], channel, n)).length;
  assert.deepEqual([
    await count(5n),
    await count(6n),
    await count(5n + readdWindow),
    await count(6n + readdWindow),
    await count(6n, new Uint8Array(32)),
  ], [0, 1, 1, 0, 0]);
});

Deno.test("openReadd() gives undefined for anything that the device did not sign", async () => {
  const { request } = await requestOf(carolDevice);
  assert.equal(toHex((await openReadd(request))!.recipientKey), toHex(carolDevice.keyPair.publicKey));
  for (
    const bad of [
      new Uint8Array(),
      encodeCbor({ v: 1 }),
      request.slice(1),
      Uint8Array.from(request, (byte, index) => index === request.length - 1 ? byte ^ 1 : byte),
    ]
  ) {
    assert.equal(await openReadd(bad), undefined);
  }
});
