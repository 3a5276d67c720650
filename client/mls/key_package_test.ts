import assert from "node:assert/strict";
import { decodeMlsMessage, encodeMlsMessage, type KeyPackage } from "ts-mls";
import { utf8 } from "../../schema/bytes.ts";
import { makeKeyPackage, parseKeyPackage } from "./key_package.ts";
import { makeDevices } from "./testing/group.ts";

const nowMs = 1_700_000_000_000;
const hourMs = 3_600_000;
const [device] = await makeDevices("alice");
const input = { credential: device.credential, signatureKeyPair: device.keyPair, nowMs, lastResort: false };

Deno.test("parseKeyPackage() reads what makeKeyPackage() makes, valid from 1 h ago to 25 h ahead", async () => {
  const made = await makeKeyPackage(input);
  const parsed = await parseKeyPackage(made.keyPackage);
  assert.deepEqual(parsed.credential, device.credential);
  assert.deepEqual(parsed.recipientKey, device.keyPair.publicKey);
  assert.deepEqual(parsed.ref, made.ref);
  assert.deepEqual([parsed.notBeforeMs, parsed.notAfterMs, parsed.lastResort], [
    nowMs - hourMs,
    nowMs + 25 * hourMs,
    false,
  ]);
  assert.equal(parsed.xwingPublicKey.length, 1216);
  assert.notDeepEqual(
    (await parseKeyPackage((await makeKeyPackage(input)).keyPackage)).xwingPublicKey,
    parsed.xwingPublicKey,
  );
});

Deno.test("makeKeyPackage() marks a last resort and lets it live 90 days in all", async () => {
  const parsed = await parseKeyPackage((await makeKeyPackage({ ...input, lastResort: true })).keyPackage);
  assert.ok(parsed.lastResort);
  assert.equal(parsed.notAfterMs - parsed.notBeforeMs, 90 * 24 * hourMs);
});

Deno.test("parseKeyPackage() throws on changed or trailing bytes, other messages and long lifetimes", async () => {
  const { keyPackage } = await makeKeyPackage(input);
  const decoded = decodeMlsMessage(keyPackage, 0)![0];
  if (decoded.wireformat !== "mls_key_package") assert.fail();
  const changed = (change: Partial<KeyPackage>) =>
    encodeMlsMessage({ ...decoded, keyPackage: { ...decoded.keyPackage, ...change } });
  await assert.rejects(parseKeyPackage(changed({ initKey: new Uint8Array(32) })), /KeyPackage: signature/);
  await assert.rejects(
    parseKeyPackage(changed({ leafNode: { ...decoded.keyPackage.leafNode, hpkePublicKey: new Uint8Array(32) } })),
    /leaf signature/,
  );
  await assert.rejects(
    parseKeyPackage(changed({ cipherSuite: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256" })),
    /ciphersuite/,
  );
  await assert.rejects(parseKeyPackage(new Uint8Array([...keyPackage, 0])), { name: "MalformedError" });
  await assert.rejects(parseKeyPackage(keyPackage.subarray(0, 100)), { name: "MalformedError" });
  await assert.rejects(parseKeyPackage(utf8("garbage")), { name: "MalformedError" });
  await assert.rejects(
    parseKeyPackage((await makeKeyPackage({ ...input, lifetimeMs: 26 * hourMs })).keyPackage),
    /lifetime/,
  );
});
