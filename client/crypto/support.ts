/**
 * Detects once which algorithms the runtime's WebCrypto supports, by using them. A runtime may know an
 * algorithm and still refuse its key format.
 */

/**
 * Algorithms that a supported runtime may lack; noble steps in for those. SHA-256, HMAC and AES-GCM are in
 * every runtime that has WebCrypto.
 */
export interface CryptoSupport {
  x25519: boolean;
  ed25519: boolean;
  mlKem768: boolean;
}

let found: Promise<CryptoSupport> | undefined;

/** @returns what this runtime supports; the same promise each time */
export function cryptoSupport(): Promise<CryptoSupport> {
  found ??= probe();
  return found;
}

async function probe(): Promise<CryptoSupport> {
  const [x25519, ed25519, mlKem768] = await Promise.all([
    works(() => crypto.subtle.generateKey("X25519", true, ["deriveBits"]), "jwk"),
    works(() => crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]), "pkcs8"),
    // WebCrypto "Modern Algorithms" draft: ML-KEM keys import and export as the 64-byte seed d ‖ z of FIPS 203.
    works(
      () =>
        crypto.subtle.generateKey("ML-KEM-768", true, ["encapsulateBits", "decapsulateBits"] as unknown as KeyUsage[]),
      "raw-seed" as "pkcs8",
    ),
  ]);
  return { x25519, ed25519, mlKem768 };
}

async function works(generate: () => Promise<CryptoKey | CryptoKeyPair>, format: "jwk" | "pkcs8"): Promise<boolean> {
  try {
    await crypto.subtle.exportKey(format as "pkcs8", (await generate() as CryptoKeyPair).privateKey);
    return true;
  } catch {
    return false;
  }
}
