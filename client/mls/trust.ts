/**
 * Runs a ts-mls operation with the engine's trust hook. Returns the reasons of refusals, which ts-mls reduces
 * to "Could not validate credential".
 */

import { equalBytes } from "../../schema/bytes.ts";
import { authenticationService, clientConfig } from "./identity.ts";
import type { Trust, TrustUse } from "./types.ts";

/** The result of an operation on foreign input: its value, or one sentence on the failure. */
export type Attempt<T> = { value: T } | { failure: string; /** A leaf was refused. */ untrusted: boolean };

/** @param use why a leaf is checked, or a function that tells it for each leaf */
export async function trustedAttempt<T>(
  trust: Trust,
  use: TrustUse | ((leafSignatureKey: Uint8Array) => TrustUse),
  run: (config: ReturnType<typeof clientConfig>) => Promise<T>,
): Promise<Attempt<T>> {
  const refusals: string[] = [];
  const config = clientConfig(authenticationService(trust, typeof use === "function" ? use : () => use, refusals));
  try {
    return { value: await run(config) };
  } catch (error) {
    // ts-mls throws its own errors, CodecErrors and, on some malformed input, RangeErrors and TypeErrors. All
    // of them mean that the input is bad.
    return { failure: [...refusals, (error as Error).message].join("; "), untrusted: refusals.length > 0 };
  }
}

/** @returns "add" for a leaf that this device adds, a leaf that it removes and adds again included, else "member" */
export function useBy(adds: { recipientKey: Uint8Array }[]): (leafSignatureKey: Uint8Array) => TrustUse {
  return (leafSignatureKey) =>
    adds.some(({ recipientKey }) => equalBytes(recipientKey, leafSignatureKey)) ? "add" : "member";
}
