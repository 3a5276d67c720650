/** `/.well-known/quicproquo.json` tells the app's page how to reach the core. */

import { textResponse } from "../server-common/text_response.ts";

export const wellKnownPath = "/.well-known/quicproquo.json";
const wireVersion = 1;

/**
 * @param certificateHashes base64 of SHA-256 over the certificate's DER; undefined when an authority has
 *   signed the certificate
 */
export function wellKnownResponse(webTransportUrl: string, certificateHashes: string[] | undefined): Response {
  const hashes = certificateHashes &&
    { certificateHashes: certificateHashes.map((value) => ({ algorithm: "sha-256", value })) };
  const text = JSON.stringify({ webtransport: { url: webTransportUrl, ...hashes }, rpc: "/rpc", wireVersion });
  return textResponse(200, text, { "content-type": "application/json" });
}
