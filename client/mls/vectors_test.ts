import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { hkdfExpand } from "../crypto/hkdf.ts";
import { encapsulateDeterministic, nobleXWing } from "../crypto/xwing.ts";
import { encodeCommitData, membersHash } from "./commit_data.ts";
import { decodeEnvelope, envelopeAad, innerAuthenticatedData, openEnvelope, sealEnvelope } from "./envelope.ts";
import { groupContextExtensions, groupInfoOf } from "./extensions.ts";
import { finishGiven, givenAad, openGiven } from "./given.ts";
import { bundleKey, epochPskId, finishHeader, openBundlePart, openHeader, sealBundlePart } from "./hybrid.ts";
import { pad } from "./padding.ts";
import envelopeVectors from "./vectors/envelope.json" with { type: "json" };
import hybridVectors from "./vectors/hybrid.json" with { type: "json" };
import labelVectors from "./vectors/labels.json" with { type: "json" };

// The project's own vectors. They fail on a change of any label, field or order on the wire. Inputs are
// counting bytes, which can be made anywhere.

Deno.test("envelopes have the bytes that vectors/envelope.json pins, for each kind", async () => {
  const { appKey, channelId, epoch, messageId, salt, inside } = envelopeVectors.inputs;
  for (const { kind, aad, authenticatedData, envelope } of envelopeVectors.envelopes) {
    const context = {
      kind: kind as "application",
      channelId: fromHex(channelId),
      epoch: BigInt(epoch),
      messageId: fromHex(messageId),
    };
    assert.equal(toHex(envelopeAad(context)), aad);
    assert.equal(toHex(innerAuthenticatedData(context.messageId, context.kind)), authenticatedData);
    assert.equal(toHex(await sealEnvelope(fromHex(appKey), context, fromHex(inside), fromHex(salt))), envelope);
    assert.equal(toHex((await openEnvelope(fromHex(appKey), decodeEnvelope(fromHex(envelope)), context))!), inside);
  }
  assert.equal(toHex(pad(fromHex(inside))), envelopeVectors.padded);
});

Deno.test("headers, seals and PSK ids have the bytes that vectors/hybrid.json pins", async () => {
  const { S, channelId, n, recipientKey, xwingSeed, xwingRandomness, body } = hybridVectors.inputs;
  const context = { channelId: fromHex(channelId), n: BigInt(n), recipientKey: fromHex(recipientKey) };
  assert.equal(toHex(epochPskId(context.channelId, context.n)), hybridVectors.pskId);
  const publicKey = await nobleXWing.publicKey(fromHex(xwingSeed));
  const { ciphertext, sharedSecret } = encapsulateDeterministic(publicKey, fromHex(xwingRandomness))!;
  assert.equal(
    toHex(await finishHeader(fromHex(S), publicKey, ciphertext, sharedSecret, context)),
    hybridVectors.header,
  );
  assert.equal(toHex((await openHeader(fromHex(hybridVectors.header), fromHex(xwingSeed), context))!), S);
  assert.equal(
    await openHeader(fromHex(hybridVectors.header), fromHex(xwingSeed), { ...context, n: context.n + 1n }),
    undefined,
  );
  for (const part of ["commit", "welcome"] as const) {
    assert.equal(toHex(await bundleKey(part, fromHex(S), context.channelId, context.n)), hybridVectors[part].key);
    assert.equal(
      toHex(await sealBundlePart(part, fromHex(body), fromHex(S), context.channelId, context.n)),
      hybridVectors[part].sealed,
    );
    assert.equal(
      toHex(
        (await openBundlePart(part, fromHex(hybridVectors[part].sealed), fromHex(S), context.channelId, context.n))!,
      ),
      body,
    );
  }
});

Deno.test("PEOPLE B0: a given content has the bytes of vectors/hybrid.json, and opens nowhere else", async () => {
  const { channelId, n, recipientKey, xwingSeed, xwingRandomness } = hybridVectors.inputs;
  const { sentIn, messageId, from, content, aad, sealed } = hybridVectors.given;
  const context = {
    channelId: fromHex(channelId),
    sentIn: fromHex(sentIn),
    n: BigInt(n),
    messageId: fromHex(messageId),
    from: fromHex(from),
    to: fromHex(recipientKey),
  };
  assert.equal(toHex(givenAad(context)), aad);
  const publicKey = await nobleXWing.publicKey(fromHex(xwingSeed));
  const { ciphertext, sharedSecret } = encapsulateDeterministic(publicKey, fromHex(xwingRandomness))!;
  assert.equal(toHex(await finishGiven(fromHex(content), publicKey, ciphertext, sharedSecret, context)), sealed);
  const open = async (change: Partial<typeof context>) =>
    await openGiven(fromHex(sealed), fromHex(xwingSeed), { ...context, ...change });
  assert.equal(toHex((await open({}))!), content);
  const other = new Uint8Array(32);
  for (
    const change of [
      { channelId: other },
      { sentIn: other },
      { n: context.n + 1n },
      { messageId: new Uint8Array(16) },
      { from: other },
      { to: other },
    ]
  ) assert.equal(await open(change), undefined);
  assert.equal(await openGiven(fromHex(sealed).slice(0, 1_000), fromHex(xwingSeed), context), undefined);
});

Deno.test("commit data and group info have the bytes that vectors/labels.json pins", async () => {
  const { channelId, n, commitId, removed, added } = labelVectors.inputs;
  const hash = await membersHash(added.map(fromHex));
  assert.equal(toHex(hash), labelVectors.membersHash);
  assert.equal(toHex(await membersHash(added.toReversed().map(fromHex))), labelVectors.membersHash);
  const data = {
    channelId: fromHex(channelId),
    n: BigInt(n),
    commitId: fromHex(commitId),
    membersHash: hash,
    removed: removed.map(fromHex),
    added: added.map(fromHex),
    requests: [],
  };
  assert.equal(toHex(encodeCommitData(data)), labelVectors.commitData);
  const info = {
    name: "Friends",
    kind: "group" as const,
    roles: { [added[0]]: "admin" as const },
    createdMs: 1_700_000_000_000,
  };
  const supersedes = {
    channelId: fromHex(channelId),
    lastEpoch: 9n,
    transcriptHash: fromHex(added[1]),
    reason: "fork",
  };
  const extensions = groupContextExtensions({ ...info, supersedes });
  assert.deepEqual(extensions.map(({ extensionData }) => toHex(extensionData)), labelVectors.extensions);
  assert.deepEqual(groupInfoOf(extensions), { ...info, supersedes });
  assert.equal(toHex(hkdfExpand(fromHex(channelId), fromHex(commitId), 44)), labelVectors.hkdfExpand);
});
