/** `/.well-known/quicproquo.json`: how a page of ours reaches the core. */

export const wellKnownPath = "/.well-known/quicproquo.json";
const wireVersion = 1;

/**
 * @param certificateHashes base64 of SHA-256 over the certificate's DER; undefined when an authority vouches
 *   for the certificate
 */
export function wellKnownResponse(webTransportUrl: string, certificateHashes: string[] | undefined): Response {
  const hashes = certificateHashes &&
    { certificateHashes: certificateHashes.map((value) => ({ algorithm: "sha-256", value })) };
  return Response.json(
    { webtransport: { url: webTransportUrl, ...hashes }, rpc: "/rpc", wireVersion },
    { headers: { "cache-control": "no-store" } },
  );
}
