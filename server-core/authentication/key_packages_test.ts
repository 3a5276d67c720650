import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { signEd25519 } from "../../schema/ed25519.ts";
import { credentialSignedBytes } from "../../schema/credential.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { KeyPackageCheck } from "./key_package_check.ts";
import { uploadsPerMinute } from "./key_package_handlers.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";
import { lastResortExtension, makeKeyPackage, makeLastResort, xwingExtension } from "./testing/key_packages.ts";
import { baseOf, none, uploader } from "./testing/uploader.ts";

const hourMs = 3_600_000;
const hour = 3600;

Deno.test("uploadKeyPackages accepts valid KeyPackages and answers with the stock", async () => {
  const { alice, base } = await uploader();
  const keyPackages = [await makeKeyPackage(base), await makeKeyPackage(base)];
  assert.deepEqual(await alice.client.call(authentication.countKeyPackages, {}), { available: 0, lastResort: false });
  assert.deepEqual(
    await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: await makeLastResort(base) }),
    { available: 2 },
  );
  assert.deepEqual(await alice.client.call(authentication.countKeyPackages, {}), { available: 2, lastResort: true });
  assert.deepEqual(await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: none }), {
    available: 2,
  }, "a repeated upload changes nothing");
  assert.deepEqual(
    await alice.client.call(authentication.countKeyPackages, {}),
    { available: 2, lastResort: true },
    "no last resort keeps the present one",
  );
});

Deno.test("uploadKeyPackages answers E020 to other bytes and to bad signatures", async () => {
  const { base, upload, with: uploadWith } = await uploader();
  const good = await makeKeyPackage(base);
  for (let length = 0; length < good.length; length += 97) assert.equal(await upload(good.slice(0, length)), "E020");
  assert.equal(await upload(new Uint8Array([...good, 0])), "E020");
  assert.equal(await upload(new Uint8Array(9000)), "E020");
  const welcome = good.slice();
  welcome[3] = 3;
  assert.equal(await upload(welcome), "E020");
  const wrongVersion = good.slice();
  wrongVersion[1] = 2;
  assert.equal(await upload(wrongVersion), "E020");
  assert.equal(
    await uploadWith({
      spoil: (keyPackage) => ({
        ...keyPackage,
        signature: keyPackage.signature.map((byte) => byte ^ 1),
      }),
    }),
    "E020",
  );
  assert.equal(
    await uploadWith({ spoil: (keyPackage) => ({ ...keyPackage, extensions: [lastResortExtension] }) }),
    "E020",
    "not covered by the signature",
  );
  assert.equal(
    await uploadWith({
      spoil: (keyPackage) => ({ ...keyPackage, leafNode: { ...keyPackage.leafNode, signature: new Uint8Array(64) } }),
    }),
    "E020",
  );
  assert.equal(
    await uploadWith({ leafExtensions: [xwingExtension(), { extensionType: 0xf0aa, extensionData: none }] }),
    "E020",
    "not in capabilities",
  );
  assert.equal(await uploadWith({ leafExtensions: [xwingExtension(), xwingExtension()] }), "E020", "twice");
});

Deno.test("uploadKeyPackages answers E020 when only the leaf's signature is bad", async () => {
  const { base, upload } = await uploader();
  const { signKeyPackage } = await import("ts-mls/keyPackage.js");
  const { decodeMlsMessage, encodeMlsMessage, getCiphersuiteFromName, getCiphersuiteImpl } = await import("ts-mls");
  const decoded = decodeMlsMessage(await makeKeyPackage(base), 0)![0];
  assert.ok(decoded.wireformat === "mls_key_package");
  const { signature } = await getCiphersuiteImpl(
    getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"),
  );
  const { keyPackage } = decoded;
  const again = await signKeyPackage(
    { ...keyPackage, leafNode: { ...keyPackage.leafNode, signature: new Uint8Array(64) } },
    base.device.seed,
    signature,
  );
  assert.equal(await upload(new Uint8Array(encodeMlsMessage({ ...decoded, keyPackage: again }))), "E020");
});

Deno.test("uploadKeyPackages answers E021 to every other ciphersuite", async () => {
  const { base, upload, with: uploadWith } = await uploader();
  assert.equal(await uploadWith({ suite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519" }), "E021");
  assert.equal(await uploadWith({ suite: "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448" }), "E021");
  const unknown = await makeKeyPackage(base);
  unknown.set([0xfe, 0xdc], 6);
  assert.equal(await upload(unknown), "E021");
  assert.equal(await upload(unknown.slice(0, 40)), "E021");
});

Deno.test("uploadKeyPackages answers E022 to lifetimes that are too long, over, or not begun", async () => {
  const { rig, base, upload, with: uploadWith, uploadLast } = await uploader();
  assert.equal(await uploadWith({ notBefore: -hour, notAfter: 25 * hour }), "ok");
  assert.equal(await uploadWith({ notBefore: -hour, notAfter: 25 * hour + 1 }), "E022");
  assert.equal(await uploadWith({ notBefore: -2 * hour, notAfter: 0 }), "E022");
  assert.equal(await uploadWith({ notBefore: -2 * hour, notAfter: 1 }), "ok");
  assert.equal(await uploadWith({ notBefore: hour, notAfter: 20 * hour }), "ok", "within the skew");
  assert.equal(await uploadWith({ notBefore: hour + 1, notAfter: 20 * hour }), "E022");
  assert.equal(await uploadWith({ notBefore: 10, notAfter: 10 }), "E022");
  assert.equal(await uploadLast(await makeLastResort(base)), "ok");
  assert.equal(await uploadLast(await makeLastResort({ ...base, notAfter: 90 * 24 * hour - hour + 1 })), "E022");
  assert.equal(await uploadLast(await makeLastResort({ ...base, extensions: [] })), "E022", "without the extension");
  const old = await makeKeyPackage(base);
  rig.nowMs += 25 * hourMs;
  assert.equal(await upload(old), "E022", "expired since it was made");
});

Deno.test("uploadKeyPackages answers E023 to a KeyPackage of another device, account or name", async () => {
  const { rig, alice, upload, with: uploadWith } = await uploader();
  const bob = await rig.account("bob");
  assert.equal(await upload(await makeKeyPackage(await baseOf(bob))), "E023");
  const second = await newDevice();
  assert.equal(
    await uploadWith({ device: second, credential: await alice.credential(second) }),
    "E023",
    "the account's other device",
  );
  assert.equal(await uploadWith({ credential: await bob.credential() }), "E023");
  assert.equal(
    await uploadWith({ credential: await bob.credential(alice.device) }),
    "E023",
    "vouched for by another account",
  );
  assert.equal(await uploadWith({ credential: await alice.credential(alice.device, { username: "mallory" }) }), "E023");
  assert.equal(
    await uploadWith({ credential: await alice.credential(alice.device, { deviceId: second.deviceId }) }),
    "E023",
  );
  const { rootSignature: _, ...claims } = await alice.credential();
  const forged = {
    ...claims,
    rootSignature: await signEd25519(bob.rootSeed, credentialSignedBytes(alice.device.recipientKey, claims)),
  };
  assert.equal(await uploadWith({ credential: forged }), "E023");
  assert.equal(
    await uploadWith({ mlsCredential: { credentialType: "basic", identity: new Uint8Array([1, 2, 3]) } }),
    "E023",
  );
  assert.equal(
    await uploadWith({ mlsCredential: { credentialType: "x509", certificates: [new Uint8Array([1])] } }),
    "E023",
  );
});

Deno.test("uploadKeyPackages answers E025 to an X-Wing key that is missing or of a wrong form", async () => {
  const { with: uploadWith } = await uploader();
  const key = (extensionData: Uint8Array) => ({ leafExtensions: [{ extensionType: 0xf0a0, extensionData }] });
  const good = xwingExtension().extensionData;
  assert.equal(await uploadWith(key(good)), "ok");
  assert.equal(await uploadWith({ leafExtensions: [] }), "E025");
  assert.equal(await uploadWith(key(good.slice(1))), "E025");
  assert.equal(await uploadWith(key(new Uint8Array([...good, 0]))), "E025");
  assert.equal(await uploadWith(key(new Uint8Array(1216).fill(255))), "E025");
  assert.equal(await uploadWith({ capabilities: { extensions: [0x000a] } }), "E025");
});

Deno.test("PEOPLE A2: uploadKeyPackages refuses a KeyPackage any of whose keys is of small order", async () => {
  const { base, with: uploadWith } = await uploader();
  const smallOrder = new Uint8Array(32);
  assert.equal(await uploadWith({ publicKeys: [smallOrder] }), "E020", "the leaf's");
  assert.equal(await uploadWith({ publicKeys: [undefined, smallOrder] }), "E020", "the init key");
  const xwing = xwingExtension();
  const extensionData = (xwing.extensionData as Uint8Array).slice();
  extensionData.fill(0, 1184);
  assert.equal(await uploadWith({ leafExtensions: [{ ...xwing, extensionData }] }), "E025");
  // The neutral element: whoever has it as signature key can sign nothing, and everything.
  const neutral = new Uint8Array(32);
  neutral[0] = 1;
  assert.equal(await uploadWith({ device: { ...base.device, recipientKey: neutral } }), "E020");
  assert.equal(await uploadWith({}), "ok");
});

Deno.test("uploadKeyPackages is all or nothing, and takes at most 100 a call and in stock (E014)", async () => {
  const { alice, base, rig } = await uploader();
  const good = await Promise.all(Array.from({ length: 60 }, () => makeKeyPackage(base)));
  const upload = (keyPackages: Uint8Array<ArrayBuffer>[]) =>
    answerOf(alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: none }));
  assert.equal(await upload([...good.slice(0, 3), good[3].slice(1)]), "E020");
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 0);
  assert.equal(await upload(Array.from({ length: 101 }, () => new Uint8Array([1]))), "E014");
  assert.equal(await upload(good), "ok");
  const more = await Promise.all(Array.from({ length: 41 }, () => makeKeyPackage(base)));
  assert.equal(await upload(more), "E014");
  assert.equal(await upload(more.slice(1)), "ok");
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 100);
  rig.nowMs += 24 * hourMs;
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 0);
  rig.nowMs -= 72 * hourMs;
  assert.equal(
    await upload([await makeKeyPackage({ ...base, nowMs: rig.nowMs })]),
    "ok",
    "those of a clock that was ahead fill nothing once it is right",
  );
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 1);
});

Deno.test("uploadKeyPackages of 100 leaves the event loop free", async () => {
  const { alice, base } = await uploader();
  const keyPackages = await Promise.all(Array.from({ length: 100 }, () => makeKeyPackage(base)));
  let turn = 0;
  let isOver = false;
  const count = (async () => {
    for (; !isOver; turn++) await setImmediate();
  })();
  const turnsAtChecks: number[] = [];
  const { check } = KeyPackageCheck.prototype;
  KeyPackageCheck.prototype.check = function (...parameters) {
    turnsAtChecks.push(turn);
    return check.apply(this, parameters);
  };
  try {
    await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: none });
  } finally {
    KeyPackageCheck.prototype.check = check;
    isOver = true;
    await count;
  }
  assert.equal(turnsAtChecks.length, 100);
  // Each check in a turn of its own, however busy the machine is: other calls are served between them.
  assert.ok(new Set(turnsAtChecks).size >= 90, `checks in ${new Set(turnsAtChecks).size} turns`);
});

Deno.test("uploadKeyPackages refuses a KeyPackage with any one byte changed, and never fails on it", async () => {
  const { alice, base, upload } = await uploader();
  const good = await makeKeyPackage(base);
  for (let at = 0; at < good.length; at += at > 300 && at < 1500 ? 41 : 3) {
    for (const flip of [0x01, 0xff]) {
      const changed = good.slice();
      changed[at] ^= flip;
      assert.match(await upload(changed), /^E02[015]$/, `byte ${at}`);
    }
  }
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 0);
});

Deno.test("uploadKeyPackages is limited per device with E005", async () => {
  const rig = new Rig({ config: { uploadKeyPackagesPerMinute: uploadsPerMinute } });
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const upload = (account: TestAccount) =>
    answerOf(account.client.call(authentication.uploadKeyPackages, { keyPackages: [], lastResort: none }));
  for (let count = 0; count < uploadsPerMinute; count++) assert.equal(await upload(alice), "ok");
  assert.equal(await upload(alice), "E005");
  assert.equal(await upload(bob), "ok");
  rig.nowMs += 60_000;
  assert.equal(await upload(alice), "ok");
});

Deno.test("SERVERS 8: uploadKeyPackages is limited to 500 calls of a device in 24 h, with E005", async () => {
  const rig = new Rig({ config: { uploadKeyPackagesPerMinute: 1000 } });
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const upload = ({ client }: TestAccount) =>
    client.call(authentication.uploadKeyPackages, { keyPackages: [], lastResort: none });
  for (let count = 0; count < 500; count++) await upload(alice);
  rig.nowMs += 60_000;
  await assert.rejects(upload(alice), { code: 5, retryAfterMs: 24 * 3_600_000 - 60_000 });
  await upload(bob);
  rig.nowMs += 24 * 3_600_000 - 60_000;
  assert.equal(await answerOf(upload(alice)), "ok");
});
