/** Whether a certificate and a private key can be served. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyPairPem } from "./self_signed_certificate.ts";

/** One certificate in a PEM text, which may hold a chain. */
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Deno takes any text for a certificate or a key, and fails later, in each handshake.
 *
 * @throws Error whose message says what is wrong, without the texts
 */
export function checkKeyPair({ certificate, privateKey }: KeyPairPem): void {
  const chain = certificate.match(certificateBlock) ?? [];
  if (chain.length === 0) throw new Error("the certificate's file has no certificate in PEM");
  let leaf: X509Certificate;
  try {
    [leaf] = chain.map((block) => new X509Certificate(block));
  } catch {
    throw new Error("the certificate's file has a damaged certificate");
  }
  let key;
  try {
    key = createPrivateKey(privateKey);
  } catch {
    throw new Error("the key's file has no private key in PEM without a password");
  }
  if (!leaf.checkPrivateKey(key)) throw new Error("the private key is not that of the first certificate");
}
