/** Runs the Wycheproof vectors (C2SP) through our own functions. */

import { fromHex } from "../../../schema/bytes.ts";
import { verifyEd25519, verifyEd25519Noble } from "../../crypto/ed25519.ts";
import { hkdfSha256 } from "../../crypto/hkdf.ts";
import { type MlKemImplementation, nativeMlKem, nobleMlKem } from "../../crypto/mlkem.ts";
import { cryptoSupport } from "../../crypto/support.ts";
import { deriveX25519, importX25519Private } from "../../crypto/x25519.ts";
import { Checker, type VectorCount, VectorError } from "./check.ts";

// The fields differ from file to file; each runner names those that it reads.
// deno-lint-ignore no-explicit-any
type Test = any;

const runners: Record<string, (check: Checker, test: Test, group: Test) => Promise<void>> = {
  x25519_test: x25519,
  ed25519_test: ed25519,
  hkdf_sha256_test: hkdf,
  mlkem_768_test: mlKem768,
};

/** File names without ".json". */
export const wycheproofNames = Object.keys(runners);

/** @throws VectorError at the first test that ends otherwise than the file says */
export async function runWycheproof(name: string, json: unknown): Promise<VectorCount> {
  const run = runners[name];
  if (run === undefined) throw new VectorError(`no such Wycheproof file: ${name}`);
  const check = new Checker(name);
  for (const group of (json as { testGroups: Test[] }).testGroups) {
    for (const test of group.tests) await run(check, test, group);
  }
  return check.count();
}

async function x25519(check: Checker, { tcId, flags, result, ...test }: Test): Promise<void> {
  const own = await importX25519Private(fromHex(test.private));
  for (const [name, key] of [["native", own], ["noble", { ...own, native: undefined }]] as const) {
    const shared = await deriveX25519(key, fromHex(test.public));
    // "acceptable" is all that is legal for some protocols; ours refuses just the all-zero secret (RFC 9180 §7.1.4).
    if (flags.includes("ZeroSharedSecret") || /^0+$/.test(test.shared)) {
      check.isTrue(shared === undefined, `test ${tcId}, ${name}: zero shared secret accepted`);
    } else if (result === "invalid") check.isTrue(shared === undefined, `test ${tcId}, ${name}: accepted`);
    else check.equal(shared, test.shared, `test ${tcId}, ${name}`);
  }
}

async function ed25519(check: Checker, { tcId, msg, sig, result }: Test, { publicKey }: Test): Promise<void> {
  const [key, signature, message] = [fromHex(publicKey.pk), fromHex(sig), fromHex(msg)];
  check.isTrue(
    (await verifyEd25519(key, signature, message)) === (result === "valid"),
    `test ${tcId}: should be ${result}`,
  );
  check.isTrue(
    verifyEd25519Noble(key, signature, message) === (result === "valid"),
    `test ${tcId}, noble: should be ${result}`,
  );
}

async function hkdf(check: Checker, { tcId, ikm, salt, info, size, okm, result }: Test): Promise<void> {
  const derive = () => hkdfSha256(fromHex(ikm), fromHex(info), size, fromHex(salt));
  if (result === "valid") return check.equal(derive(), okm, `test ${tcId}`);
  let refused = false;
  try {
    derive();
  } catch (error) {
    refused = error instanceof RangeError;
  }
  check.isTrue(refused, `test ${tcId}: accepted`);
}

async function mlKem768(check: Checker, test: Test): Promise<void> {
  await decapsulate(check, "noble", nobleMlKem, test);
  if ((await cryptoSupport()).mlKem768) await decapsulate(check, "native", nativeMlKem, test);
}

async function decapsulate(
  check: Checker,
  name: string,
  implementation: MlKemImplementation,
  { tcId, seed, ek, c, K, result }: Test,
): Promise<void> {
  const secret = await implementation.decapsulate(fromHex(seed), fromHex(c));
  if (result === "invalid") return check.isTrue(secret === undefined, `test ${tcId}, ${name}: accepted`);
  check.equal(await implementation.publicKey(fromHex(seed)), ek, `test ${tcId}, ${name}: public key`);
  check.equal(secret, K, `test ${tcId}, ${name}: shared secret`);
}
