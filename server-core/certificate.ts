/** The core's certificate: given as PEM files, or made once and kept in the data directory. */

import { makePrivate } from "./storage/private_files.ts";
import { certificatePin } from "../schema/certificate_pin.ts";
import { replaceFile } from "../server-common/replace_file.ts";

/** A certificate as the QUIC listener takes it. */
export interface CoreCertificate {
  certificatePem: string;
  privateKeyPem: string;
  /** 32 bytes that gateways and clients pin, see schema/certificate_pin.ts. */
  pin: Uint8Array<ArrayBuffer>;
}

const dayMs = 24 * 3_600_000;

/**
 * A pinned certificate never changes. Clients know it by its hash, and an end date would only break all of
 * them at once.
 */
const validForMs = 20 * 365 * dayMs;

/**
 * A machine's clock may be wrong at the first start, in either direction. The certificate is valid from before the
 * first version of this server, and for twenty years after it at the least.
 */
const firstMs = Date.UTC(2026, 0, 1);

const keyFile = "core-key.pem";
const certificateFile = "core-cert.pem";

/**
 * @param given paths of PEM files (`QPQ_CORE_CERT`, `QPQ_CORE_KEY`)
 * @throws Deno.errors when a file can not be read, TypeError when it holds no certificate
 */
export async function loadCertificate(given: { certificate: string; key: string }): Promise<CoreCertificate> {
  const [certificatePem, privateKeyPem] = await Promise.all([
    Deno.readTextFile(given.certificate),
    Deno.readTextFile(given.key),
  ]);
  return { certificatePem, privateKeyPem, pin: await certificatePin(certificatePem) };
}

/**
 * The self-made certificate of this data directory, made at the first start. The certificate file is public:
 * gateway and CLI on the same machine may trust it (`QPQ_CORE_CA`).
 */
export async function keptCertificate(dataDir: string, nowMs: number): Promise<CoreCertificate> {
  const paths = { certificate: `${dataDir}/${certificateFile}`, key: `${dataDir}/${keyFile}` };
  makePrivate(paths.key);
  try {
    return await loadCertificate(paths);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // Loaded at the first start only: the ASN.1 library takes a quarter of a start.
  const { makeSelfSignedCertificate } = await import("../server-common/self_signed_certificate.ts");
  const { certificate, privateKey } = await makeSelfSignedCertificate({
    notBefore: new Date(Math.min(nowMs, firstMs) - dayMs),
    notAfter: new Date(Math.max(nowMs, firstMs) + validForMs),
    commonName: "quicproquo core",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
  });
  // The certificate comes last: a key without one is replaced at the next start.
  await replaceFile(paths.key, privateKey, 0o600);
  await replaceFile(paths.certificate, certificate, 0o644);
  return { certificatePem: certificate, privateKeyPem: privateKey, pin: await certificatePin(certificate) };
}
