import assert from "node:assert/strict";
import type { Proposal } from "ts-mls";
import { toHex } from "../../schema/bytes.ts";
import { ownCapabilities, xwingKeyExtension } from "./extensions.ts";
import { createMls, type GroupInfo } from "./group.ts";
import { mlsCredential } from "./identity.ts";
import { parseKeyPackage } from "./key_package.ts";
import { infoOf, stateMembers } from "./state.ts";
import { remove } from "./testing/forge.ts";
import { keyPackageOf, makeAccount, makeDevice, now, trusting } from "./testing/group.ts";
import {
  alice,
  bob,
  channelId,
  codeOf,
  devices,
  facts,
  infoProposal,
  mls,
  refusal,
  withFreshKey,
} from "./testing/rules.ts";

Deno.test("GRP-3.1: a committer's leaf that changes to another account or device is refused", async () => {
  const other = await makeDevice(devices[1].account);
  assert.equal(
    await refusal(bob, alice, {
      leaf: (leaf) => ({ ...withFreshKey(leaf), credential: mlsCredential(other.credential) }),
    }),
    "GRP-3.1",
  );
  const mallory = await makeDevice(await makeAccount("mallory"));
  assert.equal(
    await refusal(bob, alice, {
      leaf: (leaf) => ({ ...withFreshKey(leaf), credential: mlsCredential(mallory.credential) }),
    }),
    "GRP-3.1",
  );
});

Deno.test("GRP-3.2: a committer's leaf needs a fresh, usable hybrid key and our capabilities", async () => {
  assert.equal(await refusal(bob, alice, { leaf: (leaf) => leaf }), "GRP-3.2");
  assert.equal(await refusal(bob, alice, { leaf: (leaf) => ({ ...leaf, extensions: [] }) }), "GRP-3.2");
  assert.equal(
    await refusal(bob, alice, {
      leaf: (leaf) => ({ ...leaf, extensions: [xwingKeyExtension(new Uint8Array(1216).fill(0xff))] }),
    }),
    "GRP-3.2",
  );
  assert.equal(
    await refusal(bob, alice, {
      leaf: (leaf) => ({ ...withFreshKey(leaf), capabilities: { ...ownCapabilities(), proposals: [9] } }),
    }),
    "GRP-3.2",
  );
});

Deno.test("GRP-3.3: removal of another account's device by a member that is no admin is refused", async () => {
  assert.equal(
    await refusal(bob, alice, { proposals: [remove(2)], removed: [devices[2].keyPair.publicKey] }),
    "GRP-3.3",
  );
  await assert.rejects(mls.buildCommit(bob, { remove: [devices[2].keyPair.publicKey], nowMs: now() }), {
    code: "GRP-3.3",
  });
  assert.equal(
    codeOf({ proposals: [...facts({}).proposals, { proposal: remove(7), byReference: false, senderLeafIndex: 1 }] }),
    "GRP-3.3",
  );
});

Deno.test("GRP-3.3: any member removes a revoked device", async () => {
  const revoking = createMls({ ...trusting, isRevoked: async (credential) => credential.username === "carol" });
  const { pending } = await revoking.buildCommit(bob, { remove: [devices[2].keyPair.publicKey], nowMs: now() });
  const entry = {
    n: pending.n,
    commitId: pending.commitId,
    header:
      pending.bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(alice.ownRecipientKey))!.header,
    sealedCommit: pending.bundle.sealedCommit,
  };
  assert.equal((await revoking.processCommit(alice, entry)).kind, "processed");
  const unaware = await mls.processCommit(alice, entry);
  assert.equal(unaware.kind === "rejected" && unaware.code, "GRP-3.3");
});

Deno.test("GRP-3.3: a member may not replace a device by removing and adding it in one commit", async () => {
  const again = await keyPackageOf(devices[2]);
  await assert.rejects(
    mls.buildCommit(bob, { remove: [devices[2].keyPair.publicKey], add: [again.keyPackage], nowMs: now() }),
    { code: "GRP-3.3" },
  );
  const { pending } = await mls.buildCommit(alice, {
    remove: [devices[2].keyPair.publicKey],
    add: [again.keyPackage],
    nowMs: now(),
  });
  assert.deepEqual([pending.removed, pending.added], [[devices[2].keyPair.publicKey], [devices[2].keyPair.publicKey]]);
  const headerOf = (key: Uint8Array) =>
    pending.bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(key))!.header;
  const { n, commitId, bundle } = pending;
  const processed = await mls.processCommit(bob, {
    n,
    commitId,
    header: headerOf(bob.ownRecipientKey),
    sealedCommit: bundle.sealedCommit,
  });
  assert.equal(processed.kind, "processed");
  const joined = await mls.joinFromWelcome({
    channelId,
    n,
    header: headerOf(devices[2].keyPair.publicKey),
    sealedWelcome: bundle.sealedWelcome,
    candidates: [again.privateRecord],
    live: false,
  });
  assert.equal(joined.kind, "processed");
});

Deno.test("GRP-3.4: a role change that leaves no admin is refused", async () => {
  assert.equal(await refusal(alice, bob, { proposals: [infoProposal({ ...infoOf(alice), roles: {} })] }), "GRP-3.4");
  await assert.rejects(mls.buildCommit(alice, { info: { roles: {} }, nowMs: now() }), { code: "GRP-3.4" });
});

Deno.test("GRP-3.4: without an admin, a commit may make the oldest member account admin, and no more", () => {
  const [first, second] = stateMembers(alice).map(({ credential }) => toHex(credential.accountKey));
  const info: GroupInfo = { ...infoOf(alice), roles: {} };
  const becoming = (after: GroupInfo) =>
    codeOf({
      info,
      proposals: [...facts({}).proposals, { proposal: infoProposal(after), byReference: false, senderLeafIndex: 1 }],
    });
  assert.equal(becoming({ ...info, roles: { [first]: "admin" } }), undefined);
  assert.equal(becoming({ ...info, roles: { [second]: "admin" } }), "GRP-2.5");
  assert.equal(becoming({ ...info, roles: { [first]: "admin", [second]: "admin" } }), "GRP-2.5");
  assert.equal(becoming({ ...info, name: "mine", roles: { [first]: "admin" } }), "GRP-2.5");
});

Deno.test("GRP-3.5: only an admin brings in an account that the roles make admin", async () => {
  const dave = await makeDevice(await makeAccount("dave"));
  const add = await parseKeyPackage((await keyPackageOf(dave)).keyPackage);
  const info: GroupInfo = {
    ...infoOf(alice),
    roles: { ...infoOf(alice).roles, [toHex(dave.credential.accountKey)]: "admin" },
  };
  const proposals = [...facts({}).proposals, {
    proposal: { proposalType: "add", add: { keyPackage: add.keyPackage } } as Proposal,
    byReference: false,
    senderLeafIndex: 1,
  }];
  assert.equal(codeOf({ info, adds: [add], proposals }), "GRP-3.5");
  assert.equal(codeOf({ info, adds: [add], proposals, committer: stateMembers(alice)[0] }), undefined);
});
