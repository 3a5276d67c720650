/** The core's certificate: given as PEM files, or made once and kept in the data directory. */

import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";
import { certificatePin } from "../schema/certificate_pin.ts";

/** A certificate as the QUIC listener takes it. */
export interface CoreCertificate {
  certificatePem: string;
  privateKeyPem: string;
  /** 32 bytes: what gateways and clients pin, see schema/certificate_pin.ts. */
  pin: Uint8Array<ArrayBuffer>;
}

const keyFile = "core-key.pem";
const certificateFile = "core-cert.pem";

/** A pinned certificate is kept for good: clients know it by its hash, and an end date would only break them all at once. */
const validForMs = 20 * 365 * 24 * 3600 * 1000;

/**
 * @param given paths of PEM files (`QPQ_CORE_CERT`, `QPQ_CORE_KEY`)
 * @throws Deno.errors when a file can not be read, TypeError when it holds no certificate
 */
export async function loadCertificate(given: { certificate: string; key: string }): Promise<CoreCertificate> {
  const [certificatePem, privateKeyPem] = await Promise.all([Deno.readTextFile(given.certificate), Deno.readTextFile(given.key)]);
  return { certificatePem, privateKeyPem, pin: await certificatePin(certificatePem) };
}

/**
 * The self-made certificate of this data directory; made at the first start. The certificate file is public: gateway and CLI on the same machine may trust it
 * (`QPQ_CORE_CA`).
 */
export async function keptCertificate(dataDir: string, nowMs: number): Promise<CoreCertificate> {
  const paths = { certificate: `${dataDir}/${certificateFile}`, key: `${dataDir}/${keyFile}` };
  try {
    return await loadCertificate(paths);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const { certificatePem, privateKeyPem } = await makeCertificate(nowMs);
  await Deno.writeTextFile(paths.key, privateKeyPem, { mode: 0o600 });
  await Deno.writeTextFile(paths.certificate, certificatePem);
  return { certificatePem, privateKeyPem, pin: await certificatePin(certificatePem) };
}

/** ECDSA P-256 with SHA-256 (RFC 5758 §3.2), for TLS servers, named localhost, 127.0.0.1 and ::1. */
async function makeCertificate(nowMs: number): Promise<Omit<CoreCertificate, "pin">> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" });
  const commonName = new x509.AttributeTypeAndValue({ type: "2.5.4.3", value: new x509.AttributeValue({ utf8String: "quicproquo core" }) });
  const name = new x509.Name([new x509.RelativeDistinguishedName([commonName])]);
  const toBeSigned = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new x509.Validity({ notBefore: new Date(nowMs - 24 * 3600 * 1000), notAfter: new Date(nowMs + validForMs) }),
    subjectPublicKeyInfo: AsnConvert.parse(await crypto.subtle.exportKey("spki", keys.publicKey), x509.SubjectPublicKeyInfo),
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
  const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, AsnConvert.serialize(toBeSigned));
  const certificate = new x509.Certificate({ tbsCertificate: toBeSigned, signatureAlgorithm: algorithm, signatureValue: ecdsaValue(new Uint8Array(signed)) });
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
