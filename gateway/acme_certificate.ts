/**
 * The gateway's certificate from an ACME authority: ordered, stored in a folder, and renewed when a third of
 * its life is left.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { checkKeyPair } from "../server-common/key_pair.ts";
import { replaceFile } from "../server-common/replace_file.ts";
import type { KeyPairPem } from "../server-common/self_signed_certificate.ts";
import type { CertificateSource } from "./certificate.ts";
import type { Log } from "../server-common/log.ts";

export interface AcmeCertificateOptions {
  domain: string;
  /** the authority of the stored certificate; with another authority a new certificate is ordered */
  directoryUrl: string;
  /** holds the account key and the certificate; made when missing */
  folder: string;
  /** milliseconds since 1970 */
  now: () => number;
  log: Log;
  /** @returns PEM of an account key */
  makeAccountKey: () => Promise<string>;
  /** Orders one certificate. @throws when the order fails */
  order: (accountKey: string) => Promise<KeyPairPem>;
}

interface Kept extends KeyPairPem {
  domain: string;
  directoryUrl: string;
}

/**
 * The first pause after a failed order. Pauses double, because authorities limit failures (Let's Encrypt: 5
 * an hour for a name).
 */
const firstBackoffMs = 2 * 60_000;
/** The longest pause between failed orders. */
const longestBackoffMs = 6 * 60 * 60_000;
const dayMs = 86_400_000;

/** A certificate from an ACME authority over HTTP-01, renewed before it ends. */
export class AcmeCertificate implements CertificateSource {
  readonly hashes = undefined;
  readonly #options: AcmeCertificateOptions;
  #current: KeyPairPem;
  /** false while a self-made certificate is served, because no order has succeeded yet */
  #isOrdered: boolean;
  #failures = 0;
  #nextTryMs = 0;
  #ordering: Promise<KeyPairPem | undefined> | undefined;

  private constructor(options: AcmeCertificateOptions, current: KeyPairPem, isOrdered: boolean) {
    this.#options = options;
    this.#current = current;
    this.#isOrdered = isOrdered;
  }

  /**
   * Loads the stored certificate. Without one, a self-made certificate is served meanwhile, because the
   * authority's challenge needs open ports.
   */
  static async open(options: AcmeCertificateOptions): Promise<AcmeCertificate> {
    await Deno.mkdir(options.folder, { recursive: true });
    const kept = await load(options);
    const now = options.now();
    const standIn = async () => {
      const { makeSelfSignedCertificate } = await import("../server-common/self_signed_certificate.ts");
      return await makeSelfSignedCertificate({
        notBefore: new Date(now - dayMs),
        notAfter: new Date(now + 12 * dayMs),
        commonName: options.domain,
        dnsNames: [options.domain],
        ipAddresses: ["127.0.0.1"],
      });
    };
    return new AcmeCertificate(options, kept ?? await standIn(), kept !== undefined);
  }

  get current(): KeyPairPem {
    return this.#current;
  }

  /**
   * Orders a certificate when one is due. After a failed order, a later call tries again, after a growing
   * pause.
   */
  async refresh(): Promise<KeyPairPem | undefined> {
    if (this.#ordering) return undefined;
    const waitMs = this.#nextTryMs - this.#options.now();
    // A longer wait was written down while the clock was ahead.
    if (!this.#isDue() || (waitMs > 0 && waitMs <= longestBackoffMs)) return undefined;
    this.#ordering = this.#order();
    try {
      return await this.#ordering;
    } finally {
      this.#ordering = undefined;
    }
  }

  #isDue(): boolean {
    if (!this.#isOrdered) return true;
    const { validFrom, validTo } = new X509Certificate(this.#current.certificate);
    const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
    return this.#options.now() >= toMs - (toMs - fromMs) / 3;
  }

  async #order(): Promise<KeyPairPem | undefined> {
    const { domain, directoryUrl, folder, log, now, order } = this.#options;
    try {
      const pair = await order(await this.#accountKey());
      checkKeyPair(pair);
      const kept: Kept = { domain, directoryUrl, ...pair };
      await replaceFile(`${folder}/certificate.json`, JSON.stringify(kept), 0o600);
      this.#current = pair;
      this.#isOrdered = true;
      this.#failures = 0;
      log.info("acme-certificate-ordered", { domain });
      return pair;
    } catch (error) {
      const pauseMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** this.#failures++);
      this.#nextTryMs = now() + pauseMs;
      log.error("acme-order-failed", {
        domain,
        error: error instanceof Error ? error.message : String(error),
        retryMs: pauseMs,
      });
      return undefined;
    }
  }

  async #accountKey(): Promise<string> {
    const path = `${this.#options.folder}/account-key.pem`;
    try {
      const key = await Deno.readTextFile(path);
      createPrivateKey(key);
      return key;
    } catch {
      // Missing or damaged: the authority makes a new account for a new key.
      const key = await this.#options.makeAccountKey();
      await replaceFile(path, key, 0o600);
      return key;
    }
  }
}

async function load({ folder, domain, directoryUrl, now }: AcmeCertificateOptions): Promise<KeyPairPem | undefined> {
  try {
    const kept = JSON.parse(await Deno.readTextFile(`${folder}/certificate.json`)) as Partial<Kept>;
    if (
      kept.domain !== domain || kept.directoryUrl !== directoryUrl || typeof kept.certificate !== "string" ||
      typeof kept.privateKey !== "string"
    ) return undefined;
    if (Date.parse(new X509Certificate(kept.certificate).validTo) <= now()) return undefined;
    const pair = { certificate: kept.certificate, privateKey: kept.privateKey };
    checkKeyPair(pair);
    return pair;
  } catch {
    // Missing or damaged: a new certificate is ordered.
    return undefined;
  }
}
