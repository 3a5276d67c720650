/** One order of a certificate from an ACME authority (RFC 8555), over acme-client. */
import { Agent } from "node:https";
import acme from "acme-client";
import type { AcmeChallenges } from "./acme_challenges.ts";
import type { KeyPairPem } from "../server-common/self_signed_certificate.ts";

export interface AcmeAuthority {
  /** URL of the authority's directory, e.g. Let's Encrypt's */
  directoryUrl: string;
  /** contact address, to which the authority sends its warnings */
  email?: string;
  /** PEM that verifies the HTTPS of a private authority */
  caPem?: string;
}

/** How long the authority's answer to a call, and to the whole order, may take. */
const requestMs = 30_000;

/**
 * Orders a certificate for one name. The account is made on first use; the same key finds it again.
 *
 * @param accountKey PEM
 * @returns certificate chain and a fresh P-256 key
 * @throws the error of the authority or of the network
 */
export async function orderCertificate(
  authority: AcmeAuthority,
  accountKey: string,
  domain: string,
  challenges: AcmeChallenges,
): Promise<KeyPairPem> {
  acme.axios.defaults.timeout = requestMs;
  if (authority.caPem !== undefined) acme.axios.defaults.httpsAgent = new Agent({ ca: authority.caPem });
  const client = new acme.Client({
    directoryUrl: authority.directoryUrl,
    accountKey,
    backoffMin: 1_000,
    backoffMax: 10_000,
    backoffAttempts: 8,
  });
  const [privateKey, csr] = await acme.crypto.createCsr(
    { altNames: [domain] },
    await acme.crypto.createPrivateEcdsaKey("P-256"),
  );
  const certificate = await client.auto({
    csr,
    email: authority.email,
    termsOfServiceAgreed: true,
    challengePriority: ["http-01"],
    // acme-client's own check of the challenge does not show what the authority sees. It also fails behind
    // routers that do not lead a public address back inside.
    skipChallengeVerification: true,
    challengeCreateFn: (_authorization, { token }, keyAuthorization) =>
      Promise.resolve(challenges.offer(token, keyAuthorization)),
    challengeRemoveFn: (_authorization, { token }) => Promise.resolve(challenges.withdraw(token)),
  });
  return { certificate, privateKey: privateKey.toString() };
}

/** @returns PEM of a fresh P-256 account key */
export async function makeAccountKey(): Promise<string> {
  return (await acme.crypto.createPrivateEcdsaKey("P-256")).toString();
}
