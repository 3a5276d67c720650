import assert from "node:assert/strict";
import { encodeRequiredCapabilities, generateKeyPackageWithKey, type KeyPackage, type Proposal } from "ts-mls";
import { toHex } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { generateX25519 } from "../crypto/x25519.ts";
import { groupContextExtensions, ownCapabilities, xwingKeyExtension } from "./extensions.ts";
import { createMls, type GroupInfo, type GroupState } from "./group.ts";
import { epochPskId } from "./hybrid.ts";
import { mlsCredential } from "./identity.ts";
import { checkKeyPackage, parseKeyPackage } from "./key_package.ts";
import { checkProposals, type CommitFacts } from "./rules.ts";
import { infoOf, stateMembers } from "./state.ts";
import { forgeCommit, type Forgery, forgeWelcome, psk, remove, stored } from "./testing/forge.ts";
import {
  keyPackageOf,
  makeAccount,
  makeDevice,
  makeDevices,
  makeGroup,
  now,
  type TestDevice,
  trusting,
} from "./testing/group.ts";

const devices = await makeDevices("alice", "bob", "carol");
const { mls, states: [alice, bob, carol], channelId } = await makeGroup(devices);

/** The code that `victim` refuses the forged commit with. */
async function refusal(attacker: GroupState, victim: GroupState, forgery: Forgery): Promise<string> {
  const result = await mls.processCommit(victim, await forgeCommit(attacker, victim, forgery));
  return result.kind === "rejected"
    ? result.code
    : JSON.stringify(result, (_, value) => typeof value === "bigint" ? String(value) : value).slice(0, 200);
}

function infoProposal(info: GroupInfo): Proposal {
  return {
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions: groupContextExtensions(info) },
  };
}

async function addOf(device: TestDevice) {
  const { keyPackage } = await parseKeyPackage((await keyPackageOf(device)).keyPackage);
  return { proposal: { proposalType: "add", add: { keyPackage } } as Proposal, added: [device.keyPair.publicKey] };
}

/** Facts of a commit by bob (a member) that does nothing, to be changed. */
function facts(change: Partial<CommitFacts>): CommitFacts {
  const members = stateMembers(alice);
  return {
    channelId,
    n: 2n,
    committer: members[1],
    members,
    info: infoOf(alice),
    adds: [],
    revoked: new Set(),
    readds: [],
    proposals: [{ proposal: psk(epochPskId(channelId, 2n)), byReference: false, senderLeafIndex: 1 }],
    ...change,
  };
}

function codeOf(change: Partial<CommitFacts>): string | undefined {
  const result = checkProposals(facts(change));
  return "code" in result ? result.code : undefined;
}

Deno.test("an honest commit made outside the adapter passes: the forgeries below fail for their fault alone", async () => {
  const result = await mls.processCommit(alice, await forgeCommit(bob, alice, {}));
  assert.equal(
    result.kind,
    "processed",
    JSON.stringify(result, (_, value) => typeof value === "bigint" ? String(value) : value),
  );
});

Deno.test("GRP-1.2: authenticated data that is malformed or of another commit, epoch or channel is refused", async () => {
  assert.equal(await refusal(bob, alice, { data: "garbage" }), "GRP-1.2");
  assert.equal(await refusal(bob, alice, { data: { commitId: new Uint8Array(16) } }), "GRP-1.2");
  assert.equal(await refusal(bob, alice, { data: { n: 3n } }), "GRP-1.2");
  assert.equal(await refusal(bob, alice, { data: { channelId: new Uint8Array(32) } }), "GRP-1.2");
});

Deno.test("GRP-1.3: authenticated data that does not say what the commit did is refused", async () => {
  assert.equal(await refusal(bob, alice, { data: { membersHash: new Uint8Array(32) } }), "GRP-1.3");
  assert.equal(await refusal(bob, alice, { data: { removed: [devices[2].keyPair.publicKey] } }), "GRP-1.3");
  assert.equal(await refusal(bob, alice, { data: { added: [new Uint8Array(32)] } }), "GRP-1.3");
});

Deno.test("GRP-2.1: by value, ReInit, external init, Update and custom proposals are refused", () => {
  const byValue = (proposal: Proposal) => codeOf({ proposals: [{ proposal, byReference: false, senderLeafIndex: 1 }] });
  assert.equal(byValue({ proposalType: "external_init", externalInit: { kemOutput: new Uint8Array(32) } }), "GRP-2.1");
  assert.equal(
    byValue({
      proposalType: "reinit",
      reinit: { groupId: channelId, version: "mls10", cipherSuite: ciphersuite.name, extensions: [] },
    }),
    "GRP-2.1",
  );
  assert.equal(byValue({ proposalType: 0xf00d, proposalData: new Uint8Array() }), "GRP-2.1");
  const leaf = alice.mls.ratchetTree[0];
  if (leaf?.nodeType === "leaf") {
    assert.equal(
      byValue({ proposalType: "update", update: { leafNode: { ...leaf.leaf, leafNodeSource: "update" } as never } }),
      "GRP-2.1",
    );
  }
});

Deno.test("GRP-2.1: a ReInit commit of another member is refused before ts-mls suspends the group", async () => {
  const reinit: Proposal = {
    proposalType: "reinit",
    reinit: { groupId: channelId, version: "mls10", cipherSuite: ciphersuite.name, extensions: [] },
  };
  assert.equal(await refusal(bob, alice, { proposals: [reinit], psks: [], options: { forcePath: false } }), "GRP-2.1");
});

Deno.test("GRP-2.2: by reference, anything but a device's own removal is refused, and so is a reference not stored here", async () => {
  const carolsRemoval = stored(remove(2), 2);
  assert.equal(
    await refusal(bob, alice, { unapplied: carolsRemoval, removed: [devices[2].keyPair.publicKey] }),
    "GRP-2.2",
  );
  const byBob = { proposal: remove(2), byReference: true, senderLeafIndex: 1 };
  assert.equal(codeOf({ proposals: [...facts({}).proposals, byBob] }), "GRP-2.2");
  const dave = await addOf(await makeDevice(await makeAccount("dave")));
  assert.equal(
    codeOf({ proposals: [...facts({}).proposals, { proposal: dave.proposal, byReference: true, senderLeafIndex: 1 }] }),
    "GRP-2.2",
  );
});

Deno.test("GRP-2.3: a commit with no PSK, two PSKs, or another PSK than the epoch's is refused", async () => {
  assert.equal(await refusal(bob, alice, { psks: [] }), "GRP-2.3");
  assert.equal(
    await refusal(bob, alice, { psks: [psk(epochPskId(channelId, 2n)), psk(new Uint8Array(8))] }),
    "GRP-2.3",
  );
  assert.equal(await refusal(bob, alice, { psks: [psk(epochPskId(channelId, 3n))] }), "GRP-2.3");
  assert.equal(await refusal(bob, alice, { psks: [psk(epochPskId(new Uint8Array(32), 2n))] }), "GRP-2.3");
});

Deno.test("GRP-2.4: a commit without a path is refused", async () => {
  assert.equal(await refusal(bob, alice, { options: { forcePath: false } }), "GRP-2.4");
});

Deno.test("GRP-2.5: a change of name or roles by a member that is no admin, and two changes in one commit, are refused", async () => {
  const info = { ...infoOf(alice), roles: { [toHex(devices[1].credential.accountKey)]: "admin" } } as GroupInfo;
  assert.equal(await refusal(bob, alice, { proposals: [infoProposal(info)] }), "GRP-2.5");
  const twice = [infoProposal(info), infoProposal(info)].map((proposal) => ({
    proposal,
    byReference: false,
    senderLeafIndex: 1,
  }));
  assert.equal(codeOf({ proposals: [...facts({}).proposals, ...twice] }), "GRP-2.5");
});

Deno.test("GRP-2.6: extensions other than ours, changed required capabilities, kind, date or ancestry are refused even from an admin", async () => {
  const info = infoOf(alice);
  const [required, own] = groupContextExtensions(info);
  const byAlice = (extensions: typeof required[]) =>
    refusal(alice, bob, {
      proposals: [{ proposalType: "group_context_extensions", groupContextExtensions: { extensions } }],
    });
  const weaker = {
    ...required,
    extensionData: encodeRequiredCapabilities({ extensionTypes: [], proposalTypes: [], credentialTypes: [] }),
  };
  assert.equal(await byAlice([weaker, own]), "GRP-2.6");
  assert.equal(await byAlice([own]), "GRP-2.6");
  // A group context without any extension would drop the hybrid requirement; ts-mls reads it as no change at all.
  assert.equal(await byAlice([]), "GRP-2.6");
  assert.equal(await byAlice(groupContextExtensions({ ...info, kind: "direct" })), "GRP-2.6");
  assert.equal(await byAlice(groupContextExtensions({ ...info, createdMs: 2 })), "GRP-2.6");
  const supersedes = {
    channelId: new Uint8Array(32),
    lastEpoch: 1n,
    transcriptHash: new Uint8Array(32),
    reason: "fork",
  };
  assert.equal(await byAlice(groupContextExtensions({ ...info, supersedes })), "GRP-2.6");
  const senders = { extensionType: "external_senders", extensionData: new Uint8Array([0]) } as const;
  const committer = stateMembers(alice)[0];
  const proposal: Proposal = {
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions: [required, own, senders] },
  };
  assert.equal(
    codeOf({ committer, proposals: [...facts({}).proposals, { proposal, byReference: false, senderLeafIndex: 0 }] }),
    "GRP-2.6",
  );
});

Deno.test("GRP-2.7: a path whose public keys are not those of its secrets, or that nobody can seal to, is refused", async () => {
  // The last key of carol's path is the root's, which alice derives too. The commit is honest but for that
  // key: signature, parent hashes and all come after the change.
  const other = await generateX25519();
  for (const publicKey of [other.publicKey, new Uint8Array(32)]) {
    const honest = ciphersuite.hpke.deriveKeyPair;
    let derived = 0;
    ciphersuite.hpke.deriveKeyPair = async (ikm) => {
      const pair = await honest(ikm);
      derived += 1;
      return derived === 2 ? { ...pair, publicKey: publicKey as never } : pair;
    };
    const forged = await forgeCommit(carol, alice, {}).finally(() => ciphersuite.hpke.deriveKeyPair = honest);
    const result = await mls.processCommit(alice, forged);
    assert.equal(
      result.kind === "rejected" && result.code,
      "GRP-2.7",
      result.kind === "rejected" ? result.reason : result.kind,
    );
  }
});

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

const freshKey = (await parseKeyPackage((await keyPackageOf(devices[1])).keyPackage)).xwingPublicKey;
function withFreshKey<L extends object>(leaf: L): L {
  return { ...leaf, extensions: [xwingKeyExtension(freshKey)] };
}

Deno.test("GRP-3.2: a committer's leaf without a fresh and usable hybrid key, or with other capabilities, is refused", async () => {
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
  await assert.rejects(mls.prepareCommit(bob, { remove: [devices[2].keyPair.publicKey], nowMs: now() }), {
    code: "GRP-3.3",
  });
  assert.equal(
    codeOf({ proposals: [...facts({}).proposals, { proposal: remove(7), byReference: false, senderLeafIndex: 1 }] }),
    "GRP-3.3",
  );
});

Deno.test("GRP-3.3: any member removes a revoked device", async () => {
  const revoking = createMls({ ...trusting, isRevoked: async (credential) => credential.username === "carol" });
  const { pending } = await revoking.prepareCommit(bob, { remove: [devices[2].keyPair.publicKey], nowMs: now() });
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

Deno.test("GRP-3.3: a member that is no admin may not take a device out by putting it back in the same commit", async () => {
  const again = await keyPackageOf(devices[2]);
  await assert.rejects(
    mls.prepareCommit(bob, { remove: [devices[2].keyPair.publicKey], add: [again.keyPackage], nowMs: now() }),
    { code: "GRP-3.3" },
  );
  const { pending } = await mls.prepareCommit(alice, {
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
  await assert.rejects(mls.prepareCommit(alice, { info: { roles: {} }, nowMs: now() }), { code: "GRP-3.4" });
});

Deno.test("GRP-3.4: where no admin is left a member's commit may make the longest-standing account admin, and change nothing else", () => {
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

function hourAround() {
  const nowSeconds = BigInt(Math.floor(now() / 1000));
  return { notBefore: nowSeconds - 60n, notAfter: nowSeconds + 3600n };
}

// Makes leaf keys of small order, which nobody can seal to.
const smallOrderSuite = {
  ...ciphersuite,
  hpke: { ...ciphersuite.hpke, exportPublicKey: async () => new Uint8Array(32) },
};

Deno.test("GRP-4.1: a KeyPackage without a hybrid key, with an unusable one, or with another root's signature is refused", async () => {
  const dave = await makeDevice(await makeAccount("dave"));
  const eve = await makeDevice(await makeAccount("eve"));
  const make = async (device: TestDevice, extensions: ReturnType<typeof xwingKeyExtension>[]): Promise<KeyPackage> => {
    const keys = { signKey: dave.keyPair.seed, publicKey: dave.keyPair.publicKey };
    return (await generateKeyPackageWithKey(
      mlsCredential(device.credential),
      ownCapabilities(),
      hourAround(),
      [],
      keys,
      ciphersuite,
      extensions,
    )).publicPackage;
  };
  const bad = [
    await make(dave, []),
    await make(dave, [xwingKeyExtension(new Uint8Array(1216).fill(0xff))]),
    await make(eve, [xwingKeyExtension(freshKey)]),
  ];
  const { publicPackage } = await generateKeyPackageWithKey(
    mlsCredential(dave.credential),
    ownCapabilities(),
    hourAround(),
    [],
    { signKey: dave.keyPair.seed, publicKey: dave.keyPair.publicKey },
    smallOrderSuite,
    [xwingKeyExtension(freshKey)],
  );
  await assert.rejects(checkKeyPackage(publicPackage), /encryption key is not usable/);
  for (const keyPackage of bad) {
    assert.equal(
      await refusal(bob, alice, {
        proposals: [{ proposalType: "add", add: { keyPackage } }],
        added: [dave.keyPair.publicKey],
      }),
      "GRP-4.1",
    );
  }
  assert.equal(codeOf({ adds: [new MalformedError("KeyPackage: signature")] }), "GRP-4.1");
});

Deno.test("GRP-4.2: a device that is a member already, or twice in one commit, is not added", async () => {
  const again = await parseKeyPackage((await keyPackageOf(devices[2])).keyPackage);
  assert.equal(codeOf({ adds: [again] }), "GRP-4.2");
  const dave = await makeDevice(await makeAccount("dave"));
  const [first, second] = await Promise.all([keyPackageOf(dave), keyPackageOf(dave)]);
  assert.equal(
    codeOf({ adds: [await parseKeyPackage(first.keyPackage), await parseKeyPackage(second.keyPackage)] }),
    "GRP-4.2",
  );
  await assert.rejects(mls.prepareCommit(bob, { add: [first.keyPackage, second.keyPackage], nowMs: now() }), {
    code: "GRP-4.2",
  });
});

Deno.test("GRP-4.3: a direct channel takes new devices of its two accounts and no third account", async () => {
  const [ann, ben] = await makeDevices("ann", "ben");
  const direct = await makeGroup([ann, ben], "direct");
  const [second, third] = [await makeDevice(ben.account), await makeDevice(await makeAccount("cat"))];
  await assert.rejects(
    mls.prepareCommit(direct.states[0], { add: [(await keyPackageOf(third)).keyPackage], nowMs: now() }),
    { code: "GRP-4.3" },
  );
  const { pending } = await mls.prepareCommit(direct.states[0], {
    add: [(await keyPackageOf(second)).keyPackage],
    nowMs: now(),
  });
  assert.equal(pending.bundle.headers.length, 3);
  const add = await addOf(third);
  assert.equal(
    await refusal(direct.states[1], direct.states[0], { proposals: [add.proposal], added: add.added }),
    "GRP-4.3",
  );
});

Deno.test("GRP-1.1: a message or commit that a member signs in another's name is refused", async () => {
  const asAlice = {
    ...bob,
    ownLeafIndex: 0,
    mls: { ...bob.mls, privatePath: { ...bob.mls.privatePath, leafIndex: 0 } },
  };
  const messageId = crypto.getRandomValues(new Uint8Array(16));
  const { envelope } = await mls.sealMessage(asAlice, { messageId, content: new Uint8Array(9) });
  assert.deepEqual(await mls.openMessage(carol, { epoch: 1n, messageId, envelope }), {
    kind: "unreadable",
    reason: "mls",
  });
  const result = await mls.processCommit(carol, await forgeCommit(asAlice, carol, {}));
  assert.deepEqual(result, { kind: "unreadable", reason: "mls" });
});

async function welcomed() {
  const dave = await makeDevice(await makeAccount("dave"));
  const { keyPackage, privateRecord } = await keyPackageOf(dave);
  return { dave, keyPackage, parsed: await parseKeyPackage(keyPackage), privateRecord };
}

Deno.test("GRP-7.1: a Welcome for a live group is refused, and taken when it is not live", async () => {
  const { dave, keyPackage, privateRecord } = await welcomed();
  const { pending: { n, bundle } } = await mls.prepareCommit(carol, { add: [keyPackage], nowMs: now() });
  const header =
    bundle.headers.find(({ recipientKey }) => toHex(recipientKey) === toHex(dave.keyPair.publicKey))!.header;
  const entry = { channelId, n, header, sealedWelcome: bundle.sealedWelcome, candidates: [privateRecord], live: false };
  const live = await mls.joinFromWelcome({ ...entry, live: true });
  assert.equal(live.kind === "rejected" && live.code, "GRP-7.1");
  assert.deepEqual(await mls.joinFromWelcome({ ...entry, n: 3n }), { kind: "unreadable", reason: "header" });
  assert.deepEqual(await mls.joinFromWelcome({ ...entry, channelId: new Uint8Array(32) }), {
    kind: "unreadable",
    reason: "header",
  });
  const joined = await mls.joinFromWelcome(entry);
  assert.equal(joined.kind === "processed" && joined.adder.credential.username, "carol");
});

Deno.test("GRP-7.2: a Welcome whose group_id or epoch is not the entry's channelId and n is refused", async () => {
  const { parsed, privateRecord } = await welcomed();
  const code = async (as: { channelId?: Uint8Array; n?: bigint }) => {
    const forged = await forgeWelcome(carol, parsed, as);
    const joined = await mls.joinFromWelcome({
      channelId: as.channelId ?? channelId,
      ...forged,
      candidates: [privateRecord],
      live: false,
    });
    return joined.kind === "rejected" ? joined.code : joined.kind;
  };
  assert.equal(await code({ channelId: new Uint8Array(32).fill(5) }), "GRP-7.2");
  assert.equal(await code({ n: 9n }), "GRP-7.2");
  assert.equal(await code({}), "processed", "the forgery itself is sound");
});

Deno.test("GRP-7.4: a Welcome of another ciphersuite is refused", async () => {
  const { parsed, privateRecord } = await welcomed();
  const forged = await forgeWelcome(carol, parsed, {}, { cipherSuite: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256" });
  const joined = await mls.joinFromWelcome({ channelId, ...forged, candidates: [privateRecord], live: false });
  assert.equal(joined.kind === "rejected" && joined.code, "GRP-7.4");
});

Deno.test("GRP-4.3: a Welcome to a direct channel with a third account is refused, so nobody reads along under another's name", async () => {
  const [bob, mallory, carol] = await makeDevices("bob", "mallory", "carol");
  const { mls, channelId, states } = await makeGroup([bob, mallory], "direct");
  const published = await keyPackageOf(carol);
  const { n, header, sealedWelcome } = await forgeWelcome(states[1], await parseKeyPackage(published.keyPackage));
  const joined = await mls.joinFromWelcome({
    channelId,
    n,
    header,
    sealedWelcome,
    candidates: [published.privateRecord],
    live: false,
  });
  assert.equal(joined.kind === "rejected" && joined.code, "GRP-4.3");
  // The same forgery of a group is a group like any other: the forgery itself is sound.
  const group = await makeGroup([bob, mallory], "group");
  const again = await forgeWelcome(group.states[1], await parseKeyPackage(published.keyPackage));
  assert.equal(
    (await mls.joinFromWelcome({
      channelId: group.channelId,
      ...again,
      candidates: [published.privateRecord],
      live: false,
    })).kind,
    "processed",
  );
});
