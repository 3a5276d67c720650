import assert from "node:assert/strict";
import { defaultCryptoProvider, getCiphersuiteFromName } from "ts-mls";
import { fromHex, toHex, utf8 } from "../../schema/bytes.ts";
import { generateEd25519, signEd25519, verifyEd25519, verifyEd25519Noble } from "./ed25519.ts";
import { ciphersuite, ciphersuiteName, cryptoProvider } from "./provider.ts";
import { deriveX25519, generateX25519, importX25519Private } from "./x25519.ts";

const library = await defaultCryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(ciphersuiteName));
const info = utf8("info");
/** Long enough to be hashed natively, not by noble. */
const longInfo = new Uint8Array(5000).fill(7);
const aad = utf8("aad");
const plaintext = utf8("plaintext");

Deno.test("our HPKE and the one of ts-mls's library open each other's ciphertexts and exports", async () => {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const sides = [ciphersuite, library];
  for (const sender of sides) {
    for (const receiver of sides) {
      const privateKey = await receiver.hpke.importPrivateKey(raw);
      const publicKey = await sender.hpke.importPublicKey((await importX25519Private(raw)).publicKey);
      const { enc, ct } = await sender.hpke.seal(publicKey, plaintext, info, aad);
      assert.deepEqual(await receiver.hpke.open(privateKey, enc, ct, info, aad), plaintext);
      await assert.rejects(receiver.hpke.open(privateKey, enc, ct, info, info), { name: "CryptoError" });
      const long = await sender.hpke.seal(publicKey, plaintext, longInfo, aad);
      assert.deepEqual(await receiver.hpke.open(privateKey, long.enc, long.ct, longInfo, aad), plaintext);
      const exported = await sender.hpke.exportSecret(publicKey, aad, 40, info);
      assert.deepEqual(await receiver.hpke.importSecret(privateKey, aad, exported.enc, 40, info), exported.secret);
    }
  }
});

Deno.test("our key derivation, hashes and AEAD give the same results as ts-mls's library", async () => {
  const ikm = utf8("some keying material");
  const [ours, theirs] = await Promise.all([ciphersuite, library].map(async ({ hpke, kdf, hash }) => {
    const pair = await hpke.deriveKeyPair(ikm);
    return [
      await hpke.exportPublicKey(pair.publicKey),
      await hpke.exportPrivateKey(pair.privateKey),
      await kdf.extract(new Uint8Array(32).fill(1), ikm),
      await kdf.expand(new Uint8Array(32).fill(2), info, 77),
      await hash.digest(new Uint8Array(10_000)),
      await hash.mac(new Uint8Array(32).fill(3), ikm),
      await hpke.encryptAead(new Uint8Array(16), new Uint8Array(12), aad, plaintext),
      await hpke.encryptAead(new Uint8Array(16), new Uint8Array(12), undefined, plaintext),
    ].map(toHex);
  }));
  assert.deepEqual(ours, theirs);
  assert.ok(await ciphersuite.hash.verifyMac(aad, await library.hash.mac(aad, ikm), ikm));
  assert.ok(!(await ciphersuite.hash.verifyMac(aad, new Uint8Array(32), ikm)));
});

Deno.test("deriveX25519() refuses small-order and short public keys, natively and by noble", async () => {
  const own = await generateX25519();
  const smallOrder = fromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
  for (const key of [new Uint8Array(32), smallOrder, new Uint8Array(31)]) {
    assert.equal(await deriveX25519(own, key), undefined);
    assert.equal(await deriveX25519({ ...own, native: undefined }, key), undefined);
  }
  await assert.rejects(ciphersuite.hpke.seal(await ciphersuite.hpke.importPublicKey(smallOrder), plaintext, info), {
    name: "CryptoError",
  });
  await assert.rejects(ciphersuite.hpke.importPublicKey(new Uint8Array(31)), { name: "CryptoError" });
  await assert.rejects(ciphersuite.hpke.importPrivateKey(new Uint8Array(31)), { name: "CryptoError" });
});

Deno.test("X25519 and Ed25519 give the same results by WebCrypto and by noble", async () => {
  const [a, b] = await Promise.all([generateX25519(), generateX25519()]);
  assert.deepEqual(await deriveX25519(a, b.publicKey), await deriveX25519({ ...b, native: undefined }, a.publicKey));
  const { seed, publicKey } = await generateEd25519();
  const signature = await signEd25519(seed, plaintext);
  assert.ok(
    verifyEd25519Noble(publicKey, signature, plaintext) && await verifyEd25519(publicKey, signature, plaintext),
  );
  assert.ok(!verifyEd25519Noble(publicKey, signature, info) && !(await verifyEd25519(publicKey, signature, info)));
  assert.ok(!verifyEd25519Noble(publicKey.subarray(1), signature, plaintext));
});

Deno.test("the provider supports ciphersuite 1 and no other", async () => {
  assert.equal(await cryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(ciphersuiteName)), ciphersuite);
  await assert.rejects(
    cryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName("MLS_256_XWING_AES256GCM_SHA512_Ed25519")),
    { name: "CryptoError" },
  );
});
