/**
 * The certificate of the WebTransport port: self-made and renewed here, or PEM files that another program
 * renews.
 */
import { certificatePin } from "../schema/certificate_pin.ts";
import { checkKeyPair } from "../server-common/key_pair.ts";
import { replaceFile } from "../server-common/replace_file.ts";
import type { KeyPairPem } from "../server-common/self_signed_certificate.ts";

export interface CertificateSource {
  /** the pair that is served now */
  readonly current: KeyPairPem;
  /**
   * base64 of SHA-256 over the DER of the present and the next certificate; undefined when an authority has
   * signed the certificate
   */
  readonly hashes: string[] | undefined;
  /**
   * Renews or reloads the certificate if it is due.
   *
   * @returns the new pair when it changed
   * @throws when a file can not be read or written, or holds no pair that can be served; the old pair stays
   */
  refresh(): Promise<KeyPairPem | undefined>;
}

interface StoredCertificate extends KeyPairPem {
  notBeforeMs: number;
  notAfterMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/**
 * A browser accepts at most 14 days of validity for a certificate that it trusts by hash. One day less allows
 * for clocks that differ.
 */
const validityMs = 13 * dayMs;
/** How long before the current certificate's end the next one replaces it. */
const switchBeforeEndMs = dayMs;
/** How long before the current certificate's end the next one becomes valid, for clocks that run behind. */
const overlapMs = 2 * dayMs;

/**
 * A self-made localhost certificate and its successor, stored in a folder. Both hashes are always published,
 * so that a page which has read them can also connect after the change.
 */
export class SelfMadeCertificate implements CertificateSource {
  readonly #dataDir: string;
  readonly #now: () => number;
  #current!: StoredCertificate;
  #next!: StoredCertificate;
  #hashes!: string[];

  private constructor(dataDir: string, now: () => number) {
    this.#dataDir = dataDir;
    this.#now = now;
  }

  /**
   * Loads the folder's certificates and makes those that are missing or expired.
   *
   * @param dataDir made when missing
   * @param now milliseconds since 1970
   */
  static async open(dataDir: string, now: () => number): Promise<SelfMadeCertificate> {
    const self = new SelfMadeCertificate(dataDir, now);
    await Deno.mkdir(dataDir, { recursive: true });
    const [current, next] = await self.#load() ?? [];
    await self.#settle(current, next);
    return self;
  }

  get current(): KeyPairPem {
    return this.#current;
  }

  get hashes(): string[] {
    return this.#hashes;
  }

  async refresh(): Promise<KeyPairPem | undefined> {
    const before = this.#current;
    await this.#settle(this.#current, this.#next);
    return this.#current === before ? undefined : this.#current;
  }

  async #settle(
    storedCurrent: StoredCertificate | undefined,
    storedNext: StoredCertificate | undefined,
  ): Promise<void> {
    const now = this.#now();
    const isUsable = (stored: StoredCertificate | undefined) =>
      stored !== undefined && stored.notBeforeMs <= now && now < stored.notAfterMs - switchBeforeEndMs;
    let current = storedCurrent;
    let next = storedNext;
    if (!current || !isUsable(current)) {
      current = isUsable(next) ? next : undefined;
      next = undefined;
    }
    current ??= await make(now - dayMs);
    next ??= await make(current.notAfterMs - overlapMs);
    if (current === storedCurrent && next === storedNext && this.#current !== undefined) return;
    if (current !== storedCurrent || next !== storedNext) await this.#save([current, next]);
    this.#hashes = [await hashOf(current), await hashOf(next)];
    this.#current = current;
    this.#next = next;
  }

  get #path(): string {
    return `${this.#dataDir}/webtransport-certificates.json`;
  }

  async #load(): Promise<StoredCertificate[] | undefined> {
    try {
      const stored = JSON.parse(await Deno.readTextFile(this.#path));
      if (!Array.isArray(stored) || stored.length !== 2 || !stored.every(isStoredCertificate)) return undefined;
      for (const pair of stored) checkKeyPair(pair);
      return stored;
    } catch {
      // Missing or damaged. New certificates do no harm: pages read the new hashes when they load.
      return undefined;
    }
  }

  async #save(certificates: StoredCertificate[]): Promise<void> {
    await replaceFile(this.#path, JSON.stringify(certificates), 0o600);
  }
}

/** PEM files, read again when they change. */
export class CertificateFiles implements CertificateSource {
  readonly hashes = undefined;
  readonly #paths: { certificatePath: string; privateKeyPath: string };
  #current: KeyPairPem;

  private constructor(paths: { certificatePath: string; privateKeyPath: string }, current: KeyPairPem) {
    this.#paths = paths;
    this.#current = current;
  }

  /** @throws when a file can not be read, or the two are no certificate and its key */
  static async open(paths: { certificatePath: string; privateKeyPath: string }): Promise<CertificateFiles> {
    return new CertificateFiles(paths, await readPair(paths));
  }

  get current(): KeyPairPem {
    return this.#current;
  }

  async refresh(): Promise<KeyPairPem | undefined> {
    const pair = await readPair(this.#paths);
    if (pair.certificate === this.#current.certificate && pair.privateKey === this.#current.privateKey) {
      return undefined;
    }
    this.#current = pair;
    return pair;
  }
}

async function readPair(paths: { certificatePath: string; privateKeyPath: string }): Promise<KeyPairPem> {
  const pair = {
    certificate: await Deno.readTextFile(paths.certificatePath),
    privateKey: await Deno.readTextFile(paths.privateKeyPath),
  };
  checkKeyPair(pair);
  return pair;
}

async function make(notBeforeMs: number): Promise<StoredCertificate> {
  const notAfterMs = notBeforeMs + validityMs;
  // Loaded only when a certificate is due: the ASN.1 library takes a third of a second at start.
  const { makeSelfSignedCertificate } = await import("../server-common/self_signed_certificate.ts");
  const pair = await makeSelfSignedCertificate({
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    commonName: "localhost",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
  });
  return { ...pair, notBeforeMs, notAfterMs };
}

async function hashOf(pair: KeyPairPem): Promise<string> {
  return btoa(String.fromCharCode(...await certificatePin(pair.certificate)));
}

function isStoredCertificate(value: unknown): value is StoredCertificate {
  const { certificate, privateKey, notBeforeMs, notAfterMs } = (value ?? {}) as Partial<StoredCertificate>;
  return typeof certificate === "string" && typeof privateKey === "string" && typeof notBeforeMs === "number" &&
    typeof notAfterMs === "number";
}
