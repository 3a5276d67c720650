/**
 * Finds the session of an access token: storage behind a cache. A revoked session leaves the cache at once.
 */

import { LRUCache } from "lru-cache";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { AccountStore, NewSession, StoredSession } from "../storage/account_store.ts";
import { newAccessToken, sha256Of } from "./tokens.ts";

/** A session ends this long after its last use. */
export const sessionMs = 30 * 24 * 3_600_000;

/** A use is stored only when the last stored use is this many ms ago. */
export const touchMs = 10 * 60_000;

export interface SessionsOptions {
  accounts: Pick<AccountStore, "session" | "isRevoked" | "isOfDeletedAccount" | "touchSession">;
  /** The server's clock, ms since the Unix epoch. */
  clock: () => number;
  /** Sessions kept in memory (default 10,000). */
  maxCached?: number;
}

/** Makes and finds sessions. A token is given out once; storage holds its SHA-256 only. */
export class Sessions {
  readonly #accounts: SessionsOptions["accounts"];
  readonly #clock: () => number;
  /** By the token's hash. The longest unused session is evicted first. */
  readonly #cached: LRUCache<string, StoredSession>;
  /** Rises with every change, so that an older answer of storage is not cached afterwards. */
  #generation = 0;

  constructor({ accounts, clock, maxCached = 10_000 }: SessionsOptions) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#cached = new LRUCache({ max: maxCached });
  }

  /** @returns a fresh token, and the session as it is stored */
  create(): { accessToken: Bytes; session: NewSession } {
    const accessToken = newAccessToken();
    const sessionId = crypto.getRandomValues(new Uint8Array(16));
    return {
      accessToken,
      session: { sessionId, tokenSha256: sha256Of(accessToken), expiresMs: this.#clock() + sessionMs },
    };
  }

  /**
   * @param accessToken 32 bytes
   * @param deviceId 16 bytes: the device that the caller claims to be
   * @throws WireError E001 for an unknown token or another device, E002 for an expired session, E003 for a
   *   device that its account has revoked, so that the device knows why
   */
  async find(accessToken: Uint8Array, deviceId: Uint8Array): Promise<StoredSession> {
    const tokenSha256 = sha256Of(accessToken);
    const key = toHex(tokenSha256);
    const session = this.#cached.get(key) ?? await this.#load(key, tokenSha256);
    if (!session && await this.#accounts.isRevoked({ deviceId: new Uint8Array(deviceId) })) {
      throw new WireError(ErrorCode.forbidden, "the device was revoked");
    }
    if (!session || !equalBytes(session.deviceId, deviceId)) {
      throw new WireError(ErrorCode.unauthenticated, "unknown session");
    }
    if (session.expiresMs <= this.#clock()) {
      this.#cached.delete(key);
      throw new WireError(ErrorCode.sessionExpired, "the session has expired");
    }
    this.#touch(session);
    return session;
  }

  /**
   * @param deviceId 16 bytes: the device that the caller claims to be
   * @returns whether its account is deleted
   */
  isDeleted(deviceId: Uint8Array): Promise<boolean> {
    return this.#accounts.isOfDeletedAccount({ deviceId: new Uint8Array(deviceId) });
  }

  /** To be called as soon as storage has ended a session of the account or changed its devices. */
  forgetAccount(accountKey: Uint8Array): void {
    this.#generation++;
    for (const [key, session] of [...this.#cached]) {
      if (equalBytes(session.accountKey, accountKey)) this.#cached.delete(key);
    }
  }

  /** To be called when another process may have ended any session. */
  forgetAll(): void {
    this.#generation++;
    this.#cached.clear();
  }

  async #load(key: string, tokenSha256: Bytes): Promise<StoredSession | undefined> {
    const generation = this.#generation;
    const session = await this.#accounts.session({ tokenSha256 });
    if (session && generation === this.#generation) this.#cached.set(key, session);
    return session;
  }

  #touch(session: StoredSession): void {
    const nowMs = this.#clock();
    const before = session.lastUsedMs;
    if (nowMs - before < touchMs) return;
    session.lastUsedMs = nowMs;
    session.expiresMs = nowMs + sessionMs;
    // The call does not wait for the write. The next use repeats a write that failed.
    this.#accounts.touchSession({ sessionId: session.sessionId, expiresMs: session.expiresMs }).catch(() => {
      session.lastUsedMs = before;
    });
  }
}
