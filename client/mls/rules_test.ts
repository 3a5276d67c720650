import assert from "node:assert/strict";
import { encodeRequiredCapabilities, type Proposal } from "ts-mls";
import { toHex } from "../../schema/bytes.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { generateX25519 } from "../crypto/x25519.ts";
import { groupContextExtensions } from "./extensions.ts";
import type { GroupInfo } from "./group.ts";
import { epochPskId } from "./hybrid.ts";
import { infoOf, stateMembers } from "./state.ts";
import { forgeCommit, psk, remove, stored } from "./testing/forge.ts";
import { makeAccount, makeDevice } from "./testing/group.ts";
import {
  addOf,
  alice,
  bob,
  carol,
  channelId,
  codeOf,
  devices,
  facts,
  infoProposal,
  mls,
  refusal,
} from "./testing/rules.ts";

Deno.test("a forged commit without a fault is accepted, so each forgery below fails for its fault", async () => {
  const result = await mls.processCommit(alice, await forgeCommit(bob, alice, {}));
  assert.equal(
    result.kind,
    "processed",
    JSON.stringify(result, (_, value) => typeof value === "bigint" ? String(value) : value),
  );
});

Deno.test("GRP-1.2: authenticated data must be well-formed and of this commit, epoch and channel", async () => {
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

Deno.test("GRP-2.2: by reference, only a device's own removal is accepted", async () => {
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

Deno.test("GRP-2.5: only an admin changes name and roles, once in a commit", async () => {
  const info = { ...infoOf(alice), roles: { [toHex(devices[1].credential.accountKey)]: "admin" } } as GroupInfo;
  assert.equal(await refusal(bob, alice, { proposals: [infoProposal(info)] }), "GRP-2.5");
  const twice = [infoProposal(info), infoProposal(info)].map((proposal) => ({
    proposal,
    byReference: false,
    senderLeafIndex: 1,
  }));
  assert.equal(codeOf({ proposals: [...facts({}).proposals, ...twice] }), "GRP-2.5");
});

Deno.test("GRP-2.6: other changes of the group context are refused, even from an admin", async () => {
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

Deno.test("GRP-2.7: a path with public keys that do not fit its secrets is refused", async () => {
  // The last key of carol's path is the root's, which alice derives too. Everything else of the commit is
  // honest: signature and parent hashes are made after the change.
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

Deno.test("GRP-1.1: a message or commit that a member signs in another's name is refused", async () => {
  const asAlice = {
    ...bob,
    ownLeafIndex: 0,
    mls: { ...bob.mls, privatePath: { ...bob.mls.privatePath, leafIndex: 0 } },
  };
  const messageId = crypto.getRandomValues(new Uint8Array(16));
  const { envelope } = await mls.sealMessage(asAlice, { messageId, content: new Uint8Array(9) });
  const opened = await mls.openMessage(carol, { epoch: 1n, messageId, envelope });
  assert.ok(opened.kind === "unreadable");
  assert.equal(opened.reason, "mls");
  const result = await mls.processCommit(carol, await forgeCommit(asAlice, carol, {}));
  assert.deepEqual(result, { kind: "unreadable", reason: "mls" });
});
