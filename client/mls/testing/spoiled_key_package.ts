/** KeyPackages as no honest device makes them, with good signatures. */

import { encodeMlsMessage, generateKeyPackageWithKey } from "ts-mls";
import type { Bytes } from "../../../schema/bytes.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import { ciphersuite } from "../../crypto/provider.ts";
import { generateXWing } from "../../crypto/xwing.ts";
import { lastResortType, ownCapabilities, xwingKeyExtension } from "../extensions.ts";
import { mlsCredential } from "../identity.ts";

/** What is not as an honest device has it. */
export interface Spoiled {
  /** The leaf's HPKE key, 32 bytes. */
  leafKey?: Uint8Array;
  /** The init key, 32 bytes. */
  initKey?: Uint8Array;
  /** The X-Wing key, 1,216 bytes. */
  xwingKey?: Uint8Array;
  /** Ends so long ago, in ms. */
  expiredMs?: number;
  lastResort?: boolean;
  capabilities?: ReturnType<typeof ownCapabilities>;
}

/**
 * @param device whose signature key signs it
 * @returns the published form
 */
export async function spoiledKeyPackage(
  { credential, keyPair }: {
    credential: DeviceCredential;
    keyPair: { seed: Uint8Array; publicKey: Uint8Array };
  },
  spoiled: Spoiled,
): Promise<Bytes> {
  const nowSeconds = BigInt(Math.floor((Date.now() - (spoiled.expiredMs ?? 0)) / 1000));
  const hour = 3600n;
  // ts-mls exports the private keys of both first, then the public key of the leaf, then that of the init key.
  const publicKeys = [spoiled.leafKey, spoiled.initKey];
  const hpke = {
    ...ciphersuite.hpke,
    exportPublicKey: async (key: never) => publicKeys.shift() ?? await ciphersuite.hpke.exportPublicKey(key),
  };
  const xwingKey = spoiled.xwingKey ?? (await generateXWing()).publicKey;
  const { publicPackage } = await generateKeyPackageWithKey(
    mlsCredential(credential),
    spoiled.capabilities ?? ownCapabilities(),
    { notBefore: nowSeconds - hour, notAfter: nowSeconds + (spoiled.expiredMs === undefined ? hour : 0n) },
    spoiled.lastResort ? [{ extensionType: lastResortType, extensionData: new Uint8Array() }] : [],
    { signKey: keyPair.seed, publicKey: keyPair.publicKey },
    { ...ciphersuite, hpke },
    [xwingKeyExtension(xwingKey)],
  );
  return new Uint8Array(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage }),
  );
}
