import assert from "node:assert/strict";
import { concat, toHex } from "../../schema/bytes.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { parseKeyPackage } from "./key_package.ts";
import { forgeWelcome } from "./testing/forge.ts";
import { keyPackageOf, makeAccount, makeDevice, makeDevices, makeGroup, now } from "./testing/group.ts";
import { carol, channelId, mls } from "./testing/rules.ts";

async function welcomed() {
  const dave = await makeDevice(await makeAccount("dave"));
  const { keyPackage, privateRecord } = await keyPackageOf(dave);
  return { dave, keyPackage, parsed: await parseKeyPackage(keyPackage), privateRecord };
}

Deno.test("GRP-7.1: a Welcome for a live group is refused, and taken when it is not live", async () => {
  const { dave, keyPackage, privateRecord } = await welcomed();
  const { pending: { n, bundle } } = await mls.buildCommit(carol, { add: [keyPackage], nowMs: now() });
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

Deno.test("PEOPLE A8: a joiner refuses a Welcome whose path secret is not the tree's, or is missing", async () => {
  const { parsed, privateRecord } = await welcomed();
  const honest = ciphersuite.hpke.seal;
  // GroupSecrets (RFC 9420 §12.4.3): joiner_secret with its length, 1 for "there is one", path_secret with its length.
  const [mark, start, end] = [33, 35, 67];
  const spoiled: Record<string, (secrets: Uint8Array) => Uint8Array> = {
    "GRP-2.7, another": (secrets) => secrets.with(start, secrets[start] ^ 1),
    "GRP-2.7, none": (secrets) => concat(secrets.subarray(0, mark), new Uint8Array(1), secrets.subarray(end)),
    processed: (secrets) => secrets,
  };
  for (const [expected, spoil] of Object.entries(spoiled)) {
    ciphersuite.hpke.seal = (key, plaintext, info, aad) => {
      const isSecrets = plaintext[0] === 32 && plaintext[mark] === 1 && plaintext[mark + 1] === 32;
      return honest(key, isSecrets ? spoil(plaintext) : plaintext, info, aad);
    };
    const forged = await forgeWelcome(carol, parsed).finally(() => ciphersuite.hpke.seal = honest);
    const joined = await mls.joinFromWelcome({ channelId, ...forged, candidates: [privateRecord], live: false });
    assert.equal(joined.kind === "rejected" ? joined.code : joined.kind, expected.split(",")[0], expected);
  }
});

Deno.test("GRP-4.3: a Welcome to a direct channel with a third account is refused", async () => {
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
