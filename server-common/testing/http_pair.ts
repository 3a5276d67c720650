/** A certificate of localhost for tests of the HTTP server. */

import { type KeyPairPem, makeSelfSignedCertificate } from "../self_signed_certificate.ts";

/** @returns a certificate that is valid now, for a day */
export function makePair(): Promise<KeyPairPem> {
  return makeSelfSignedCertificate({
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    commonName: "localhost",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
}
