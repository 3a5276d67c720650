/** Makes the core's self-signed certificate. */

import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";
import type { CoreCertificate } from "./certificate.ts";

/**
 * A pinned certificate is kept for good: clients know it by its hash, and an end date would only break them
 * all at once.
 */
const validForMs = 20 * 365 * 24 * 3600 * 1000;

/**
 * ECDSA P-256 with SHA-256 (RFC 5758 §3.2), for TLS servers, named localhost, 127.0.0.1 and ::1.
 *
 * @param nowMs ms since the Unix epoch
 */
export async function makeCertificate(nowMs: number): Promise<Omit<CoreCertificate, "pin">> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" });
  const commonName = new x509.AttributeTypeAndValue({
    type: "2.5.4.3",
    value: new x509.AttributeValue({ utf8String: "quicproquo core" }),
  });
  const name = new x509.Name([new x509.RelativeDistinguishedName([commonName])]);
  const toBeSigned = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new x509.Validity({
      notBefore: new Date(nowMs - 24 * 3600 * 1000),
      notAfter: new Date(nowMs + validForMs),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(
      await crypto.subtle.exportKey("spki", keys.publicKey),
      x509.SubjectPublicKeyInfo,
    ),
    extensions: new x509.Extensions([
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
      extension(x509.id_ce_extKeyUsage, false, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
      extension(
        x509.id_ce_subjectAltName,
        false,
        new x509.SubjectAlternativeName([
          new x509.GeneralName({ dNSName: "localhost" }),
          new x509.GeneralName({ iPAddress: "127.0.0.1" }),
          new x509.GeneralName({ iPAddress: "::1" }),
        ]),
      ),
    ]),
  });
  const signed = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    keys.privateKey,
    AsnConvert.serialize(toBeSigned),
  );
  const certificate = new x509.Certificate({
    tbsCertificate: toBeSigned,
    signatureAlgorithm: algorithm,
    signatureValue: ecdsaValue(new Uint8Array(signed)),
  });
  return {
    certificatePem: pem("CERTIFICATE", AsnConvert.serialize(certificate)),
    privateKeyPem: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

function extension(extnID: string, critical: boolean, value: unknown): x509.Extension {
  return new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** 16 random bytes, positive and without a leading zero (RFC 5280 §4.1.2.2). */
function serialNumber(): ArrayBuffer {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = 0x40 | (bytes[0] & 0x3f);
  return bytes.buffer;
}

/** WebCrypto gives r ‖ s; a certificate holds SEQUENCE { INTEGER r, INTEGER s } (RFC 3279 §2.2.3). */
function ecdsaValue(signature: Uint8Array): ArrayBuffer {
  const integer = (bytes: Uint8Array): number[] => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const digits = [...bytes.subarray(first)];
    return [2, digits.length + (digits[0] >> 7), ...(digits[0] >> 7 ? [0] : []), ...digits];
  };
  const content = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))];
  return Uint8Array.of(0x30, content.length, ...content).buffer;
}

function pem(label: string, der: ArrayBuffer): string {
  const lines = btoa(String.fromCharCode(...new Uint8Array(der))).match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
