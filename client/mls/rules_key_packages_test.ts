import assert from "node:assert/strict";
import { generateKeyPackageWithKey, type KeyPackage } from "ts-mls";
import { MalformedError } from "../../schema/malformed_error.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { ownCapabilities, xwingKeyExtension } from "./extensions.ts";
import { mlsCredential } from "./identity.ts";
import { checkKeyPackage, parseKeyPackage } from "./key_package.ts";
import {
  keyPackageOf,
  makeAccount,
  makeDevice,
  makeDevices,
  makeGroup,
  now,
  type TestDevice,
} from "./testing/group.ts";
import { addOf, alice, bob, codeOf, devices, freshKey, mls, refusal } from "./testing/rules.ts";

function hourAround() {
  const nowSeconds = BigInt(Math.floor(now() / 1000));
  return { notBefore: nowSeconds - 60n, notAfter: nowSeconds + 3600n };
}

// Makes leaf keys of small order, to which nobody can seal.
const smallOrderSuite = {
  ...ciphersuite,
  hpke: { ...ciphersuite.hpke, exportPublicKey: async () => new Uint8Array(32) },
};

Deno.test("GRP-4.1: a KeyPackage needs a usable hybrid key and its account's signature", async () => {
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
  await assert.rejects(mls.buildCommit(bob, { add: [first.keyPackage, second.keyPackage], nowMs: now() }), {
    code: "GRP-4.2",
  });
});

Deno.test("GRP-4.3: a direct channel takes new devices of its two accounts and no third account", async () => {
  const [ann, ben] = await makeDevices("ann", "ben");
  const direct = await makeGroup([ann, ben], "direct");
  const [second, third] = [await makeDevice(ben.account), await makeDevice(await makeAccount("cat"))];
  await assert.rejects(
    mls.buildCommit(direct.states[0], { add: [(await keyPackageOf(third)).keyPackage], nowMs: now() }),
    { code: "GRP-4.3" },
  );
  const { pending } = await mls.buildCommit(direct.states[0], {
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
