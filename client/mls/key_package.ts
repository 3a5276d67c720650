/** Creates KeyPackages with our extensions and lifetimes, and reads published ones. */

import {
  decodeMlsMessage,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  type KeyPackage,
  type PrivateKeyPackage,
} from "ts-mls";
import { makeKeyPackageRef, verifyKeyPackage } from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { type DeviceCredential, verifyCredential } from "../../schema/credential.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, recordOf } from "../../schema/shape.ts";
import { isX25519Key } from "../../schema/x25519.ts";
import { ciphersuite, ciphersuiteName } from "../crypto/provider.ts";
import { spread } from "../crypto/parallel.ts";
import { generateXWing } from "../crypto/xwing.ts";
import { featuresOf, withOwnFeatures } from "./features.ts";
import {
  hasRequiredCapabilities,
  isSmallLeaf,
  lastResortType,
  ownCapabilities,
  xwingKeyExtension,
  xwingKeyOf,
  xwingKeyType,
} from "./extensions.ts";
import { deviceCredentialOf, mlsCredential } from "./identity.ts";

/** Signature checks of many KeyPackages are spread over threads. */
const spreadSignature = {
  ...ciphersuite.signature,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    spread({ kind: "verify", publicKey, message, signature }),
};

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;

export interface MadeKeyPackage {
  /** The published form: MLSMessage of wire format mls_key_package. */
  keyPackage: Bytes;
  /** The private keys that open a Welcome for it, and the signature key. Store it wrapped. */
  privateRecord: Bytes;
  /** KeyPackageRef (RFC 9420 §5.2), 32 bytes. */
  ref: Bytes;
  notAfterMs: number;
}

/**
 * Creates a KeyPackage.
 *
 * @param input.signatureKeyPair the device's key: 32-byte seed, 32-byte public key
 * @param input.nowMs the corrected clock
 * @param input.lastResort adds the last_resort extension, and a lifetime of 90 days instead of 25 hours
 *   (specification §4.8)
 * @param input.lifetimeMs the lifetime from now, instead of these two
 */
export async function makeKeyPackage(input: {
  credential: DeviceCredential;
  signatureKeyPair: { seed: Uint8Array; publicKey: Uint8Array };
  nowMs: number;
  lastResort: boolean;
  lifetimeMs?: number;
}): Promise<MadeKeyPackage> {
  const nowSeconds = Math.floor(input.nowMs / 1000);
  // A last resort lives 90 days in all, which include the hour before now. Other KeyPackages live 25 hours
  // from now, so that a span is at most 26 hours.
  const aheadSeconds = input.lifetimeMs !== undefined
    ? Math.floor(input.lifetimeMs / 1000)
    : input.lastResort
    ? 90 * daySeconds - hourSeconds
    : 25 * hourSeconds;
  const lifetime = { notBefore: BigInt(nowSeconds - hourSeconds), notAfter: BigInt(nowSeconds + aheadSeconds) };
  const { seed: xwingSeed, publicKey } = await generateXWing();
  const extensions = input.lastResort ? [{ extensionType: lastResortType, extensionData: new Uint8Array() }] : [];
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    mlsCredential(input.credential),
    ownCapabilities(),
    lifetime,
    extensions,
    { signKey: input.signatureKeyPair.seed, publicKey: input.signatureKeyPair.publicKey },
    ciphersuite,
    withOwnFeatures([xwingKeyExtension(publicKey)]),
  );
  const keyPackage = new Uint8Array(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage }),
  );
  const ref = new Uint8Array(await makeKeyPackageRef(publicPackage, ciphersuite.hash));
  const privateRecord = encodeCbor({
    v: 1,
    keyPackage,
    init: privatePackage.initPrivateKey,
    hpke: privatePackage.hpkePrivateKey,
    signature: privatePackage.signaturePrivateKey,
    xwing: xwingSeed,
  });
  return { keyPackage, privateRecord, ref, notAfterMs: Number(lifetime.notAfter) * 1000 };
}

/** A decoded private record. */
export interface KeyPackagePrivate {
  keyPackage: KeyPackage;
  keys: PrivateKeyPackage;
  xwingSeed: Bytes;
}

/** @throws MalformedError on a record that is not ours */
export function decodePrivateRecord(record: Uint8Array): KeyPackagePrivate {
  const fields = recordOf(
    decodeCbor(record),
    ["v", "keyPackage", "init", "hpke", "signature", "xwing"],
    "private record",
  );
  if (fields.v !== 1) throw new MalformedError("private record: version");
  return {
    keyPackage: decodeKeyPackageMessage(bytesOf(fields.keyPackage, undefined, "keyPackage")),
    keys: {
      initPrivateKey: bytesOf(fields.init, 32, "init"),
      hpkePrivateKey: bytesOf(fields.hpke, 32, "hpke"),
      signaturePrivateKey: bytesOf(fields.signature, 32, "signature"),
    },
    xwingSeed: bytesOf(fields.xwing, 32, "xwing"),
  };
}

/**
 * The content of a published KeyPackage, after its own signatures were checked. The caller judges the
 * account's trust and the lifetime.
 */
export interface ParsedKeyPackage {
  keyPackage: KeyPackage;
  ref: Bytes;
  credential: DeviceCredential;
  recipientKey: Bytes;
  xwingPublicKey: Bytes;
  /** The features that its leaf names, sorted (features.ts). */
  features: readonly string[];
  lastResort: boolean;
  notBeforeMs: number;
  notAfterMs: number;
}

/**
 * Decodes a KeyPackage and checks its suite, capabilities, signatures, credential and X-Wing key.
 *
 * @param message MLSMessage bytes of wire format mls_key_package
 * @throws MalformedError that names the fault
 */
export async function parseKeyPackage(message: Uint8Array): Promise<ParsedKeyPackage> {
  return await checkKeyPackage(decodeKeyPackageMessage(message));
}

/** Checks a decoded KeyPackage as {@link parseKeyPackage} does. @throws MalformedError */
export async function checkKeyPackage(keyPackage: KeyPackage): Promise<ParsedKeyPackage> {
  const { leafNode } = keyPackage;
  if (keyPackage.version !== "mls10" || keyPackage.cipherSuite !== ciphersuiteName) {
    throw new MalformedError("KeyPackage: ciphersuite not allowed");
  }
  if (!(await verifyLeafNodeSignatureKeyPackage(leafNode, spreadSignature))) {
    throw new MalformedError("KeyPackage: leaf signature");
  }
  if (!(await verifyKeyPackage(keyPackage, spreadSignature))) throw new MalformedError("KeyPackage: signature");
  if (!leafNode.capabilities.extensions.includes(xwingKeyType)) {
    throw new MalformedError("KeyPackage: hybrid key not in capabilities");
  }
  const credential = deviceCredentialOf(leafNode.credential);
  if (!(await verifyCredential(credential, leafNode.signaturePublicKey))) {
    throw new MalformedError("KeyPackage: root signature");
  }
  const xwingPublicKey = xwingKeyOf(leafNode);
  if (!(await spread({ kind: "encapsulate", publicKey: xwingPublicKey }))) {
    throw new MalformedError("KeyPackage: hybrid key is not usable");
  }
  // A key that nobody can seal to would stop every later commit.
  if (!isX25519Key(leafNode.hpkePublicKey) || !isX25519Key(keyPackage.initKey)) {
    throw new MalformedError("KeyPackage: encryption key is not usable");
  }
  if (equalBytes(keyPackage.initKey, leafNode.hpkePublicKey)) {
    throw new MalformedError("KeyPackage: the init key is the leaf's key");
  }
  // ts-mls refuses such a leaf as well, and with it the whole commit.
  if (!hasRequiredCapabilities(leafNode)) throw new MalformedError("KeyPackage: capabilities");
  if (!isSmallLeaf(leafNode)) throw new MalformedError("KeyPackage: the leaf is too large");
  const lastResort = keyPackage.extensions.some(({ extensionType }) => extensionType === lastResortType);
  const { notBefore, notAfter } = leafNode.lifetime;
  if (notAfter <= notBefore || notAfter - notBefore > BigInt(lastResort ? 90 * daySeconds : 26 * hourSeconds)) {
    throw new MalformedError("KeyPackage: lifetime");
  }
  return {
    keyPackage,
    ref: new Uint8Array(await makeKeyPackageRef(keyPackage, ciphersuite.hash)),
    credential,
    recipientKey: new Uint8Array(leafNode.signaturePublicKey),
    xwingPublicKey,
    features: featuresOf(leafNode),
    lastResort,
    notBeforeMs: Number(notBefore) * 1000,
    notAfterMs: Number(notAfter) * 1000,
  };
}

function decodeKeyPackageMessage(message: Uint8Array): KeyPackage {
  const decoded = attempt(() => decodeMlsMessage(message, 0));
  if (decoded === undefined || decoded[1] !== message.length || decoded[0].wireformat !== "mls_key_package") {
    throw new MalformedError("KeyPackage: not an MLSMessage of that kind");
  }
  return decoded[0].keyPackage;
}

// ts-mls's decoders give undefined for most bad input and throw a RangeError or CodecError for some.
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
