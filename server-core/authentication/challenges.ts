/** Nonces for device proofs. Each is bound to a session, short-lived, and valid for one use. */

import { equalBytes, toHex } from "../../schema/bytes.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { DeviceProof } from "../../schema/rpc/methods.ts";
import { deviceProofBytes, type ProvenCall } from "../../schema/signed_call.ts";
import { ExpiringMap } from "./expiring_map.ts";
import { TokenBuckets } from "../../server-common/token_bucket.ts";

/** ms for which a nonce is valid. */
export const challengeMs = 60_000;

/** Nonces of a session per minute. */
const challengesPerSession = 30;
/** Nonces of an account per minute, over all of its sessions. */
export const challengesPerAccount = 90;

/** Nonces for calls that need a device proof, kept in memory. */
export class Challenges {
  readonly #sessionOf: ExpiringMap<Uint8Array>;
  readonly #perSession: TokenBuckets;
  readonly #perAccount: TokenBuckets;

  /** @param clock ms since any moment, whole numbers */
  constructor(clock: () => number) {
    this.#sessionOf = new ExpiringMap({ clock, lifeMs: challengeMs, maxEntries: 100_000 });
    // One session must not use up the nonces of its account, and one account not those of all.
    this.#perSession = new TokenBuckets({ perMinute: challengesPerSession, clock });
    this.#perAccount = new TokenBuckets({ perMinute: challengesPerAccount, clock });
  }

  /**
   * @returns 32 bytes
   * @throws WireError E005 over {@link challengesPerSession} or {@link challengesPerAccount} a minute, and when
   *   too many nonces are unused
   */
  create({ sessionId, accountKey }: { sessionId: Uint8Array; accountKey: Uint8Array }): Uint8Array<ArrayBuffer> {
    const retryAfterMs = this.#perSession.take(toHex(sessionId)) || this.#perAccount.take(toHex(accountKey));
    if (retryAfterMs > 0) {
      throw new WireError(ErrorCode.rateLimited, "too many challenges of one session or account", retryAfterMs);
    }
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    this.#sessionOf.add(toHex(nonce), sessionId);
    return nonce;
  }

  /**
   * Uses up the proof's nonce, whether the proof is right or not.
   *
   * @param fields the call's parameters as {@link deviceProofBytes} lists them
   * @throws WireError E023
   */
  async check(
    proof: DeviceProof,
    session: { sessionId: Uint8Array; recipientKey: Uint8Array },
    call: ProvenCall,
    fields: Uint8Array[],
  ): Promise<void> {
    const sessionId = this.#sessionOf.take(toHex(proof.nonce));
    if (!sessionId || !equalBytes(sessionId, session.sessionId)) {
      throw new WireError(
        ErrorCode.keyDoesNotMatchDevice,
        "the proof's nonce is not one of this session's, or is used up",
      );
    }
    const signed = await deviceProofBytes(call, proof.nonce, fields);
    if (!await verifyEd25519(session.recipientKey, proof.signature, signed)) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the proof's signature is not the device's");
    }
  }
}
