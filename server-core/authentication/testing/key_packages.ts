/** KeyPackages for tests, made with ts-mls: valid ones, and ones with a single fault. */

import { XWing } from "@noble/post-quantum/hybrid.js";
import {
  type Capabilities,
  type CiphersuiteName,
  type Credential,
  encodeMlsMessage,
  type Extension,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type KeyPackage,
} from "ts-mls";
import { generateKeyPackageWithKey } from "ts-mls/keyPackage.js";
import type { Bytes } from "../../../schema/bytes.ts";
import { type DeviceCredential, encodeCredential } from "../../../schema/credential.ts";
import type { DeviceKeyPair } from "./rig.ts";

const suite: CiphersuiteName = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
export const lastResortExtension: Extension = { extensionType: 0x000a, extensionData: new Uint8Array() };
const hourSeconds = 3600;

export interface KeyPackageOptions {
  device: DeviceKeyPair;
  credential: DeviceCredential;
  nowMs: number;
  /** From now, in seconds. */
  notBefore?: number;
  notAfter?: number;
  extensions?: Extension[];
  leafExtensions?: Extension[];
  capabilities?: Partial<Capabilities>;
  suite?: CiphersuiteName;
  mlsCredential?: Credential;
  /** In place of the leaf's HPKE key, and of the init key. */
  publicKeys?: (Uint8Array | undefined)[];
  /** Changes the finished KeyPackage before it is encoded. */
  spoil?(keyPackage: KeyPackage): KeyPackage;
}

/** @returns a fresh X-Wing public key as leaf-node extension */
export function xwingExtension(): Extension {
  return { extensionType: 0xf0a0, extensionData: XWing.keygen().publicKey };
}

/** @returns a KeyPackage in the form of `uploadKeyPackages`: an MLSMessage */
export async function makeKeyPackage(options: KeyPackageOptions): Promise<Bytes> {
  const { device, credential, nowMs, notBefore = -hourSeconds, notAfter = 25 * hourSeconds } = options;
  const implementation = await getCiphersuiteImpl(getCiphersuiteFromName(suite));
  // In the order in which ts-mls exports them.
  const publicKeys = [...options.publicKeys ?? []];
  const hpke: typeof implementation.hpke = {
    ...implementation.hpke,
    exportPublicKey: async (key) => publicKeys.shift() ?? await implementation.hpke.exportPublicKey(key),
  };
  const nowSeconds = Math.floor(nowMs / 1000);
  const { publicPackage } = await generateKeyPackageWithKey(
    options.mlsCredential ?? { credentialType: "basic", identity: encodeCredential(credential) },
    {
      versions: ["mls10"],
      ciphersuites: [suite],
      extensions: [0x000a, 0xf0a0, 0xf0a1],
      proposals: [],
      credentials: ["basic"],
      ...options.capabilities,
    },
    { notBefore: BigInt(nowSeconds + notBefore), notAfter: BigInt(nowSeconds + notAfter) },
    options.extensions ?? [],
    { signKey: device.seed, publicKey: device.recipientKey },
    { ...implementation, hpke, name: options.suite ?? suite },
    options.leafExtensions ?? [xwingExtension()],
  );
  const keyPackage = options.spoil?.(publicPackage) ?? publicPackage;
  return new Uint8Array(encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage }));
}

/** @returns a last resort: 90 days, with the extension */
export function makeLastResort(options: KeyPackageOptions): Promise<Bytes> {
  return makeKeyPackage({
    notAfter: 90 * 24 * hourSeconds - hourSeconds,
    extensions: [lastResortExtension],
    ...options,
  });
}
