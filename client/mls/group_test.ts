import assert from "node:assert/strict";
import { toHex, utf8 } from "../../schema/bytes.ts";
import { openBundlePart, sealBundlePart } from "./hybrid.ts";
import { createMls, type GroupState, type Mls, type PendingCommit } from "./group.ts";
import { keyPackageOf, makeDevices, makeGroup, now, randomId, trusting } from "./testing/group.ts";

/** Delivers a commit to another member. */
async function deliver(mls: Mls, state: GroupState, pending: PendingCommit) {
  const header = pending.bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(state.ownRecipientKey))
    ?.header;
  return await mls.processCommit(state, {
    n: pending.n,
    commitId: pending.commitId,
    header,
    sealedCommit: pending.bundle.sealedCommit,
  });
}

async function mustDeliver(mls: Mls, state: GroupState, pending: PendingCommit) {
  const result = await deliver(mls, state, pending);
  if (result.kind !== "processed") assert.fail(JSON.stringify(result));
  return result;
}

async function mustOpen(mls: Mls, state: GroupState, entry: Parameters<Mls["openMessage"]>[1]) {
  const result = await mls.openMessage(state, entry);
  if (result.kind !== "processed") assert.fail(JSON.stringify(result));
  return result;
}

Deno.test("three devices create, join, message, commit and message again", async () => {
  const devices = await makeDevices("alice", "bob", "carol");
  const { mls, states: [alice, bob, carol] } = await makeGroup(devices);
  assert.deepEqual(mls.members(alice).map(({ credential, role }) => [credential.username, role]), [["alice", "admin"], [
    "bob",
    "member",
  ], ["carol", "member"]]);
  const messageId = randomId();
  const sealed = await mls.sealMessage(alice, { messageId, content: utf8("hello") });
  const opened = await mustOpen(mls, bob, { epoch: 1n, messageId, envelope: sealed.envelope });
  assert.deepEqual(opened.content, utf8("hello"));
  assert.equal(opened.sender.credential.username, "alice");

  const { pending } = await mls.buildCommit(opened.newState, { nowMs: now() });
  const bob2 = mls.mergePending(opened.newState, pending);
  const alice2 = await mustDeliver(mls, sealed.newState, pending);
  const carol2 = await mustDeliver(mls, carol, pending);
  assert.equal(alice2.committer.credential.username, "bob");
  assert.deepEqual(mls.transcriptHash(alice2.newState), mls.transcriptHash(bob2));
  const answer = await mls.sealMessage(bob2, { messageId: randomId(), content: utf8("x") });
  assert.equal(
    (await mls.openMessage(carol2.newState, { epoch: 2n, messageId, envelope: answer.envelope })).kind,
    "unreadable",
  );
});

Deno.test("sealLeave() makes a proposal that another member commits, and nobody sends before that commit", async () => {
  const { mls, states: [alice, bob, carol] } = await makeGroup(await makeDevices("alice", "bob", "carol"));
  const messageId = randomId();
  const leave = await mls.sealLeave(carol, { messageId });
  const entry = { epoch: 1n, messageId, envelope: leave.envelope };
  const bobSaw = await mustOpen(mls, bob, entry);
  const aliceSaw = await mustOpen(mls, alice, entry);
  assert.deepEqual([bobSaw.envelopeKind, bobSaw.content], ["proposal", undefined]);
  assert.deepEqual(mls.pendingLeaves(bobSaw.newState).map(({ credential }) => credential.username), ["carol"]);
  await assert.rejects(mls.sealMessage(bobSaw.newState, { messageId: randomId(), content: utf8("x") }), {
    code: "pending-leaves",
  });
  const restored = mls.decodeState(mls.encodeEpochRecord(bob), [bobSaw.record]);
  assert.equal(mls.pendingLeaves(restored).length, 1);

  const { pending } = await mls.buildCommit(restored, { nowMs: now() });
  assert.equal(pending.bundle.headers.length, 2);
  const aliceAfter = await mustDeliver(mls, aliceSaw.newState, pending);
  assert.deepEqual(aliceAfter.removed.map(({ credential }) => credential.username), ["carol"]);
  // A member that missed the proposal can not follow the commit that refers to it.
  const unaware = await deliver(mls, alice, pending);
  assert.equal(unaware.kind === "rejected" && unaware.code, "GRP-2.2");
  // The DS has no header for the leaver. Given S, the leaver sees its own removal, and no key of the new
  // epoch.
  assert.deepEqual(await deliver(mls, leave.newState, pending), { kind: "unreadable", reason: "no-header" });
  const gone = await mls.processCommit(leave.newState, {
    n: 2n,
    commitId: pending.commitId,
    S: pending.S,
    sealedCommit: pending.bundle.sealedCommit,
  });
  if (gone.kind !== "processed") assert.fail(JSON.stringify(gone));
  assert.deepEqual([gone.selfRemoved, gone.newState.active, gone.newState.epoch], [true, false, 1n]);
  await assert.rejects(mls.sealMessage(gone.newState, { messageId: randomId(), content: utf8("x") }), {
    code: "not-active",
  });
});

Deno.test("sealLeave() of the group's first leaf counts for members that have read their state from disk", async () => {
  const { mls, states: [alice, bob, carol] } = await makeGroup(await makeDevices("alice", "bob", "carol"));
  const messageId = randomId();
  const leave = await mls.sealLeave(alice, { messageId });
  const entry = { epoch: 1n, messageId, envelope: leave.envelope };
  const [bobSaw, carolSaw] = [await mustOpen(mls, bob, entry), await mustOpen(mls, carol, entry)];
  const fromEpoch = mls.decodeState(mls.encodeEpochRecord(bobSaw.newState), []);
  const fromRecord = mls.decodeState(mls.encodeEpochRecord(bob), [bobSaw.record]);
  for (const restored of [fromEpoch, fromRecord]) {
    assert.deepEqual(mls.pendingLeaves(restored).map(({ credential }) => credential.username), ["alice"]);
    const byCarol = await mls.buildCommit(carolSaw.newState, { nowMs: now() });
    const followed = await mustDeliver(mls, restored, byCarol.pending);
    assert.deepEqual(followed.removed.map(({ credential }) => credential.username), ["alice"]);
    const byBob = await mls.buildCommit(restored, { nowMs: now() });
    assert.equal((await mustDeliver(mls, carolSaw.newState, byBob.pending)).removed.length, 1);
  }
});

Deno.test("two members commit at once: the loser processes the winner's commit and its own is dropped", async () => {
  const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
  const byAlice = await mls.buildCommit(alice, { info: { name: "by alice" }, nowMs: now() });
  const byBob = await mls.buildCommit(bob, { nowMs: now() });
  const bobAfter = await mustDeliver(mls, byBob.newState, byAlice.pending);
  assert.equal(bobAfter.infoChange?.after.name, "by alice");
  const again = await mls.buildCommit(bobAfter.newState, { nowMs: now() });
  const aliceAfter = await mustDeliver(mls, mls.mergePending(byAlice.newState, byAlice.pending), again.pending);
  assert.equal(aliceAfter.newState.epoch, 3n);
  assert.throws(() => mls.mergePending(bobAfter.newState, byBob.pending), { code: "wrong-epoch" });
  assert.deepEqual(await deliver(mls, aliceAfter.newState, again.pending), { kind: "skipped", reason: "stale" });
  assert.deepEqual(await mls.processCommit(alice, { n: 3n, commitId: randomId(), sealedCommit: new Uint8Array(9) }), {
    kind: "unreadable",
    reason: "future-epoch",
  });
});

Deno.test("processCommit() refuses another header or secret, bare and public MLS commits, and garbage", async () => {
  const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
  const { pending } = await mls.buildCommit(bob, { nowMs: now() });
  const { n, commitId, bundle, S } = pending;
  const header =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(alice.ownRecipientKey))!.header;
  const bobsHeader =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(bob.ownRecipientKey))!.header;
  const entry = { n, commitId, header, sealedCommit: bundle.sealedCommit };
  assert.deepEqual(await mls.processCommit(alice, { ...entry, header: bobsHeader }), {
    kind: "unreadable",
    reason: "header",
  });
  assert.deepEqual(await mls.processCommit(alice, { ...entry, header: header.subarray(1) }), {
    kind: "unreadable",
    reason: "header",
  });
  assert.deepEqual(await mls.processCommit(alice, { ...entry, header: undefined }), {
    kind: "unreadable",
    reason: "no-header",
  });
  assert.deepEqual(await mls.processCommit(alice, { ...entry, S: new Uint8Array(32) }), {
    kind: "unreadable",
    reason: "commit-seal",
  });
  const bare = (await openBundlePart("commit", bundle.sealedCommit, S, alice.channelId, n))!;
  assert.deepEqual(await mls.processCommit(alice, { ...entry, sealedCommit: bare }), {
    kind: "unreadable",
    reason: "commit-seal",
  });
  const otherCommit = await mls.processCommit(alice, { ...entry, commitId: randomId() });
  assert.equal(otherCommit.kind === "rejected" && otherCommit.code, "GRP-1.2");
  const garbage = await sealBundlePart("commit", utf8("not MLS"), S, alice.channelId, n);
  const framing = await mls.processCommit(alice, { ...entry, sealedCommit: garbage });
  assert.equal(framing.kind === "rejected" && framing.code, "framing");
  assert.deepEqual(await mls.processCommit(bob, { ...entry, header: undefined, S }), {
    kind: "skipped",
    reason: "own-message",
  });
  assert.equal((await mls.processCommit(alice, { ...entry, header: undefined, S })).kind, "processed");
});

Deno.test("the epoch's keys need S: a right commit under a wrong PSK is refused", async () => {
  const { mls, states: [alice, bob] } = await makeGroup(await makeDevices("alice", "bob"));
  const { pending: { n, commitId, bundle, S } } = await mls.buildCommit(bob, { nowMs: now() });
  const body = (await openBundlePart("commit", bundle.sealedCommit, S, alice.channelId, n))!;
  const wrong = crypto.getRandomValues(new Uint8Array(32));
  const sealedCommit = await sealBundlePart("commit", body, wrong, alice.channelId, n);
  const result = await mls.processCommit(alice, { n, commitId, S: wrong, sealedCommit });
  assert.deepEqual(result.kind === "rejected" && [result.code, result.reason], [
    "mls",
    "Could not verify confirmation tag",
  ]);
});

Deno.test("trust judges joiners, added devices and committers, and its reason is returned", async () => {
  const asked: string[] = [];
  const mls = createMls({
    isRevoked: async () => false,
    trust: async (credential, _, use) => {
      asked.push(`${credential.username}/${use}`);
      return credential.username === "mallory" ? "mallory is not pinned" : true;
    },
  });
  const [alice, bob, mallory] = await makeDevices("alice", "bob", "mallory");
  const { states } = await makeGroup([alice, bob], "group", trusting);
  const { keyPackage } = await keyPackageOf(mallory);
  await assert.rejects(mls.buildCommit(states[0], { add: [keyPackage], nowMs: now() }), {
    code: "mls",
    message: /mallory is not pinned/,
  });
  const { pending } = await createMls(trusting).buildCommit(states[0], { add: [keyPackage], nowMs: now() });
  const result = await deliver(mls, states[1], pending);
  assert.match(result.kind === "rejected" ? result.reason : "", /mallory is not pinned/);
  assert.ok(asked.includes("mallory/add"), asked.join());

  asked.length = 0;
  const { pending: update } = await createMls(trusting).buildCommit(states[0], { nowMs: now() });
  assert.equal((await deliver(mls, states[1], update)).kind, "processed");
  assert.deepEqual(asked, ["alice/member"]);
});

Deno.test("joinFromWelcome() refuses a group with a leaf that the engine does not trust", async () => {
  const mls = createMls({
    isRevoked: async () => false,
    trust: async ({ username }, _, use) => use === "join" && username === "mallory" ? "a ghost device" : true,
  });
  const [mallory, bob] = await makeDevices("mallory", "bob");
  const alone = await mls.createGroup({
    channelId: crypto.getRandomValues(new Uint8Array(32)),
    keyPackage: (await keyPackageOf(mallory)).privateRecord,
    info: { name: "", kind: "group", createdMs: 0 },
  });
  const { keyPackage, privateRecord } = await keyPackageOf(bob);
  const { pending: { n, bundle } } = await mls.buildCommit(alone, { add: [keyPackage], nowMs: now() });
  const header =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(bob.keyPair.publicKey))!.header;
  const others = await Promise.all([keyPackageOf(bob), keyPackageOf(bob)]);
  const entry = {
    channelId: alone.channelId,
    n,
    header,
    sealedWelcome: bundle.sealedWelcome,
    candidates: others.map((made) => made.privateRecord),
    live: false,
  };
  assert.deepEqual(await mls.joinFromWelcome(entry), { kind: "unreadable", reason: "header" });
  const refused = await mls.joinFromWelcome({ ...entry, candidates: [...entry.candidates, privateRecord] });
  assert.match(refused.kind === "rejected" ? refused.reason : "", /a ghost device/);
});

Deno.test("buildCommit() checks its input, and drops the role of a removed account", async () => {
  const [alice, bob, dave] = await makeDevices("alice", "bob", "dave");
  const { mls, states } = await makeGroup([alice, bob]);
  const { keyPackage } = await keyPackageOf(dave);
  await assert.rejects(mls.buildCommit(states[0], { add: [keyPackage], nowMs: now() + 26 * 3_600_000 }), {
    code: "key-package-lifetime",
  });
  await assert.rejects(mls.buildCommit(states[0], { add: [utf8("garbage")], nowMs: now() }), { code: "key-package" });
  await assert.rejects(mls.buildCommit(states[0], { remove: [dave.keyPair.publicKey], nowMs: now() }), {
    code: "not-a-member",
  });
  await assert.rejects(mls.buildCommit(states[0], { remove: [alice.keyPair.publicKey], nowMs: now() }), {
    code: "own-removal",
  });
  const roles = { ...mls.info(states[0]).roles, [toHex(bob.credential.accountKey)]: "admin" as const };
  const promoted = await mls.buildCommit(states[0], { info: { roles }, nowMs: now() });
  const withBob = mls.mergePending(promoted.newState, promoted.pending);
  assert.equal(mls.members(withBob)[1].role, "admin");
  const removed = await mls.buildCommit(withBob, { remove: [bob.keyPair.publicKey], nowMs: now() });
  assert.deepEqual(Object.keys(mls.info(mls.mergePending(removed.newState, removed.pending)).roles), [
    toHex(alice.credential.accountKey),
  ]);
});
