/**
 * The pin of a certificate: what a client checks when it trusts one certificate and no authority, and what
 * binds a gateway's admission to the core it verified (see gateway_admission.ts).
 */

import type { Bytes } from "./bytes.ts";

/**
 * SHA-256 over the DER of the first certificate in a PEM text: the leaf, when the text is a chain.
 *
 * It covers the whole certificate and not only its public key, because Deno's QUIC client can compare just
 * that hash (`serverCertificateHashes`, as in WebTransport) and shows no peer certificate to its caller.
 *
 * @param pem text with a `-----BEGIN CERTIFICATE-----` block
 * @returns 32 bytes
 * @throws TypeError when there is no such block or it is no base64
 */
export async function certificatePin(pem: string): Promise<Bytes> {
  const base64 = pem.match(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/)?.[1].replace(
    /\s/g,
    "",
  );
  if (!base64 || base64.length % 4 !== 0) throw new TypeError("certificate pin: no certificate in the PEM text");
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", der));
}
