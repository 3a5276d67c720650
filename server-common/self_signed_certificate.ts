/**
 * Makes self-signed ECDSA P-256 certificates for TLS servers: the core's pinned one and the gateway's.
 *
 * A browser that accepts a certificate by its hash demands ECDSA P-256 and at most 14 days of validity (W3C
 * WebTransport, "serverCertificateHashes").
 */
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_kp_serverAuth,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { encodePem } from "./pem.ts";

export interface CertificateRequest {
  notBefore: Date;
  notAfter: Date;
  commonName: string;
  dnsNames: string[];
  ipAddresses: string[];
}

/** Certificate and private key (PKCS #8), both PEM. */
export interface KeyPairPem {
  certificate: string;
  privateKey: string;
}

const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const commonNameType = "2.5.4.3";

/**
 * Makes a fresh P-256 key and a certificate that it signs itself, for serverAuth only.
 *
 * @param request validity (whole seconds count), common name, and subject alternative names
 * @returns both as PEM
 * @source RFC 5280 §4.1, RFC 5758 §3.2
 */
export async function makeSelfSignedCertificate(request: CertificateRequest): Promise<KeyPairPem> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({
        type: commonNameType,
        value: new AttributeValue({ utf8String: request.commonName }),
      }),
    ]),
  ]);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: randomSerialNumber(),
    signature: signatureAlgorithm,
    issuer: name,
    validity: new Validity({ notBefore: request.notBefore, notAfter: request.notAfter }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(await crypto.subtle.exportKey("spki", keys.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]), false),
      extension(
        id_ce_subjectAltName,
        new SubjectAlternativeName([
          ...request.dnsNames.map((dNSName) => new GeneralName({ dNSName })),
          ...request.ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
        ]),
        false,
      ),
    ]),
  });
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    keys.privateKey,
    AsnConvert.serialize(tbsCertificate),
  );
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm,
    signatureValue: derSignature(new Uint8Array(signature)),
  });
  return {
    certificate: encodePem("CERTIFICATE", new Uint8Array(AsnConvert.serialize(certificate))),
    privateKey: encodePem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey))),
  };
}

function extension(extnID: string, value: unknown, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/**
 * 16 random bytes; the first is 0x40–0x7f, which keeps the INTEGER positive and of minimal length (RFC 5280
 * §4.1.2.2).
 */
function randomSerialNumber(): ArrayBuffer {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = (serial[0] & 0x3f) | 0x40;
  return serial.buffer;
}

/** WebCrypto signs as r ‖ s, but X.509 needs SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 §2.2.3). */
function derSignature(rawSignature: Uint8Array): ArrayBuffer {
  const r = derInteger(rawSignature.subarray(0, 32));
  const s = derInteger(rawSignature.subarray(32));
  return Uint8Array.from([0x30, r.length + s.length, ...r, ...s]).buffer;
}

function derInteger(bigEndian: Uint8Array): number[] {
  let start = 0;
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start++;
  const magnitude = [...bigEndian.subarray(start)];
  if (magnitude[0] & 0x80) magnitude.unshift(0);
  return [0x02, magnitude.length, ...magnitude];
}
