import assert from "node:assert/strict";
import { sha256 } from "./bytes.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import {
  credentialSignedBytes,
  decodeCredential,
  deviceIdOf,
  encodeCredential,
  verifyCredential,
} from "./credential.ts";
import {
  type DeviceList,
  deviceListFault,
  deviceListSuccession,
  openDeviceList,
  revokedAfter,
  signDeviceList,
} from "./device_list.ts";
import { generateEd25519, signEd25519, verifyEd25519 } from "./ed25519.ts";
import { MalformedError } from "./malformed_error.ts";

async function someDevice() {
  const { publicKey: recipientKey } = await generateEd25519();
  return { deviceId: await deviceIdOf(recipientKey), recipientKey };
}

async function firstList() {
  const root = await generateEd25519();
  const list: DeviceList = {
    accountKey: root.publicKey,
    username: "alice",
    version: 1,
    devices: [await someDevice()],
    revoked: [],
    prevHash: new Uint8Array(32),
  };
  return { root, list, signed: await signDeviceList(list, root.seed) };
}

Deno.test("openDeviceList() gives back what signDeviceList() signed", async () => {
  const { list, signed } = await firstList();
  assert.deepEqual(await openDeviceList(signed), list);
});

Deno.test("openDeviceList() refuses changed bytes, foreign signatures and devices, and version 0", async () => {
  const { root, list, signed } = await firstList();
  const changed = signed.list.slice();
  changed[changed.length - 1] ^= 1;
  await assert.rejects(openDeviceList({ ...signed, list: changed }), MalformedError);
  const other = await generateEd25519();
  await assert.rejects(openDeviceList(await signDeviceList(list, other.seed)), MalformedError);
  const refused = async (wrong: Partial<DeviceList>) =>
    assert.rejects(openDeviceList(await signDeviceList({ ...list, ...wrong }, root.seed)), MalformedError);
  await refused({ devices: [list.devices[0], list.devices[0]] });
  await refused({ revoked: [list.devices[0].deviceId] });
  await refused({ devices: [{ ...list.devices[0], deviceId: new Uint8Array(16) }] });
  await refused({ version: 0 });
});

Deno.test("openDeviceList() takes 20 devices and no more", async () => {
  const { root, list } = await firstList();
  const devices = await Promise.all(Array.from({ length: 21 }, someDevice));
  assert.equal(
    (await openDeviceList(await signDeviceList({ ...list, devices: devices.slice(1) }, root.seed))).devices.length,
    20,
  );
  await assert.rejects(
    async () => openDeviceList(await signDeviceList({ ...list, devices }, root.seed)),
    MalformedError,
  );
});

Deno.test("openDeviceList() takes 1,000 revoked devices and no more", async () => {
  const { root, list } = await firstList();
  const revoked = Array.from({ length: 1_001 }, () => crypto.getRandomValues(new Uint8Array(16)));
  const opened = await openDeviceList(await signDeviceList({ ...list, revoked: revoked.slice(1) }, root.seed));
  assert.equal(opened.revoked.length, 1_000);
  await assert.rejects(openDeviceList(await signDeviceList({ ...list, revoked }, root.seed)), MalformedError);
});

const randomId = () => crypto.getRandomValues(new Uint8Array(16));

Deno.test("SERVERS 10: with 1,000 revoked devices one more can be revoked, and the oldest is forgotten", async () => {
  const { root, list } = await firstList();
  const full: DeviceList = { ...list, version: 7, revoked: Array.from({ length: 1_000 }, randomId) };
  const signed = await signDeviceList(full, root.seed);
  const leaving = list.devices[0].deviceId;
  const next: DeviceList = {
    ...full,
    version: 8,
    devices: [await someDevice()],
    revoked: revokedAfter(full.revoked, [leaving]),
    prevHash: await sha256(signed.list),
  };
  assert.deepEqual(next.revoked, [...full.revoked.slice(1), leaving]);
  assert.deepEqual(await openDeviceList(await signDeviceList(next, root.seed)), next);
  const judged = (wrong: Partial<DeviceList>) => deviceListSuccession(full, signed.list, { ...next, ...wrong });
  assert.equal(await judged({}), undefined);
  const back = "a revoked device came back";
  const kept = full.revoked.filter((_, index) => index !== 1);
  assert.equal(await judged({ revoked: [...kept, leaving] }), back, "another than the oldest");
  assert.equal(await judged({ revoked: next.revoked.slice(1) }), back, "more than one has to");
  assert.equal(await judged({ devices: [{ ...list.devices[0], deviceId: full.revoked[0] }] }), back, "as a device");
  assert.equal(
    await judged({ revoked: [...full.revoked.slice(1), randomId()] }),
    "a device vanished without being revoked",
  );
});

Deno.test("SERVERS 10: deviceListFault() follows a full list that has forgotten all of an earlier one", async () => {
  const { list } = await firstList();
  const earlier = { ...list, revoked: [randomId(), randomId()] };
  const later = {
    ...list,
    version: 2_000,
    devices: [await someDevice()],
    revoked: Array.from({ length: 1_000 }, randomId),
  };
  assert.equal(deviceListFault(earlier, later), undefined);
  assert.equal(
    deviceListFault(earlier, { ...later, revoked: later.revoked.slice(1) }),
    "a revoked device came back",
  );
  assert.equal(
    deviceListFault(earlier, { ...later, devices: [{ ...list.devices[0], deviceId: earlier.revoked[1] }] }),
    "a revoked device came back",
  );
});

Deno.test("deviceListSuccession() accepts the next chained version and names what breaks the chain", async () => {
  const { root, list, signed } = await firstList();
  const next: DeviceList = {
    ...list,
    version: 2,
    devices: [...list.devices, await someDevice()],
    prevHash: await sha256(signed.list),
  };
  const judged = (wrong: Partial<DeviceList>) => deviceListSuccession(list, signed.list, { ...next, ...wrong });
  assert.equal(await judged({}), undefined);
  assert.equal(await judged({ version: 3 }), "not the next version");
  assert.equal(await judged({ version: 1 }), "not the next version");
  assert.equal(await judged({ prevHash: new Uint8Array(32) }), "not chained to the list before");
  assert.equal(await judged({ username: "mallory" }), "another account");
  assert.equal(await judged({ devices: [] }), "a device vanished without being revoked");
  const revoking: DeviceList = { ...next, devices: [], revoked: [list.devices[0].deviceId] };
  const revokingSigned = await signDeviceList(revoking, root.seed);
  const back: DeviceList = { ...list, version: 3, prevHash: await sha256(revokingSigned.list) };
  assert.equal(await deviceListSuccession(revoking, revokingSigned.list, back), "a revoked device came back");
});

Deno.test("verifyCredential() holds for the leaf key that the root vouched for and for no other", async () => {
  const root = await generateEd25519();
  const leaf = await generateEd25519();
  const fields = {
    username: "alice",
    accountKey: root.publicKey,
    deviceId: await deviceIdOf(leaf.publicKey),
    listVersion: 1,
  };
  const credential = {
    ...fields,
    rootSignature: await signEd25519(root.seed, credentialSignedBytes(leaf.publicKey, fields)),
  };
  assert.deepEqual(decodeCredential(encodeCredential(credential)), credential);
  assert.equal(await verifyCredential(credential, leaf.publicKey), true);
  assert.equal(await verifyCredential(credential, root.publicKey), false);
  assert.equal(await verifyCredential({ ...credential, username: "mallory" }, leaf.publicKey), false);
  assert.equal(await verifyCredential({ ...credential, listVersion: 2 }, leaf.publicKey), false);
});

Deno.test("decodeCbor() accepts the deterministic encoding and refuses every other of the same value", () => {
  assert.deepEqual(decodeCbor(encodeCbor({ b: 1, a: [new Uint8Array(2), "x"] })), {
    b: 1,
    a: [new Uint8Array(2), "x"],
  });
  const refused = [
    [0x18, 0x01], // 1 in two bytes
    [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02], // keys out of order
    [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02], // a key twice
    [0x9f, 0x01, 0xff], // indefinite length
    [0x01, 0x01], // bytes after the item
    [0x5a, 0xff, 0xff, 0xff, 0xff], // a length beyond the input
    [],
  ];
  for (const bytes of refused) assert.throws(() => decodeCbor(new Uint8Array(bytes)), MalformedError, String(bytes));
});

Deno.test("verifyEd25519() holds for RFC 8032 §7.1 TEST 3 and refuses other forms", async () => {
  const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
  const seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
  const publicKey = hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  const signature = hex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  );
  const message = hex("af82");
  assert.deepEqual(await signEd25519(seed, message), signature);
  assert.equal(await verifyEd25519(publicKey, signature, message), true);
  assert.equal(await verifyEd25519(publicKey, signature, hex("af83")), false);
  assert.equal(await verifyEd25519(publicKey.slice(1), signature, message), false);
  assert.equal(await verifyEd25519(publicKey, signature.slice(1), message), false);
});
