/** RPC calls with the session's token; detects the end of the session. */

import type { Bytes } from "../../../schema/bytes.ts";
import { type CallOptions, RpcClient } from "../../../schema/rpc/client.ts";
import type { OpenStream } from "../../../schema/rpc/byte_stream.ts";
import { codeName, ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { authVersion, type CallAuth } from "../../../schema/rpc/calls_and_returns.ts";
import { authentication, type Method, type ParamsOf, type ResultsOf } from "../../../schema/rpc/methods.ts";
import { askDeletion } from "./deletion_question.ts";

/** The stored record account/session. */
export interface StoredSession {
  /** 32 bytes; empty once the server has ended the session. */
  accessToken: Bytes;
  expiresMs: number;
  /** The error code that ended the session. */
  endedBy?: string;
}

/** @returns the authentication of every call of a session */
export function sessionAuth(accessToken: Bytes, deviceId: Bytes): CallAuth {
  return { version: authVersion, accessToken, deviceId };
}

/** An {@link RpcClient} that reports the end of its session. */
export class SessionRpc extends RpcClient {
  readonly #onEnded: (code: string) => Promise<void>;
  #auth: CallAuth;

  /**
   * @param onEnded called once with E001, E002, or "revoked" or "deleted" (its account is) when the server refuses the
   *   device and not only a call. The calls that were refused reject when it has resolved
   */
  constructor(openStream: OpenStream, auth: CallAuth, onEnded: (code: string) => Promise<void> | void) {
    super(openStream, () => this.#auth);
    this.#auth = auth;
    let reported: Promise<void> | undefined;
    this.#onEnded = (code) => reported ??= Promise.resolve(onEnded(code));
  }

  /** 32 bytes: the token of the present session. */
  get accessToken(): Bytes {
    return this.#auth.accessToken as Bytes;
  }

  /** Continues with another session of the same device. Late answers in the former session have no effect. */
  useSession(auth: CallAuth): void {
    this.#auth = auth;
  }

  override async call<M extends Method>(
    method: M,
    params: ParamsOf<M>,
    options?: CallOptions,
    body?: Uint8Array,
  ): Promise<ResultsOf<M>> {
    const auth = this.#auth;
    try {
      return await super.call(method, params, options, body);
    } catch (error) {
      await this.#watch(error, auth);
      throw error;
    }
  }

  override async *stream<M extends Method>(
    method: M,
    params: ParamsOf<M>,
    options?: Pick<CallOptions, "signal">,
  ): AsyncGenerator<ResultsOf<M>> {
    const auth = this.#auth;
    try {
      yield* super.stream(method, params, options);
    } catch (error) {
      await this.#watch(error, auth);
      throw error;
    }
  }

  async #watch(error: unknown, auth: CallAuth): Promise<void> {
    if (auth !== this.#auth) return;
    if (!isWireError(error, ErrorCode.unauthenticated, ErrorCode.sessionExpired, ErrorCode.forbidden)) return;
    // E003 may refuse a single call only (another device's channel or queue). The device is revoked if even its own
    // stock is forbidden. A session may also have ended because the device was revoked.
    const confirmed = await super.call(authentication.countKeyPackages, {}).then(() => undefined, (again) => again);
    if (auth !== this.#auth) return;
    if (isWireError(confirmed, ErrorCode.forbidden)) {
      const asking = { call: super.call.bind(this) as RpcClient["call"] };
      const answer = await askDeletion(asking).catch((error) => isPassing(error) ? "unanswered" : "there");
      // Who was told "revoked" would be told so for good. The next connection meets the same refusal, and asks again.
      if (answer === "unanswered" || auth !== this.#auth) return;
      await this.#onEnded(answer === "deleted" ? "deleted" : "revoked");
    } else if (isWireError(confirmed, ErrorCode.unauthenticated, ErrorCode.sessionExpired)) {
      await this.#onEnded(codeName(confirmed.code));
    } else if (error.code !== ErrorCode.forbidden) await this.#onEnded(codeName(error.code));
  }
}

/** Whether a call got no answer, or one that says nothing of the caller. */
function isPassing(error: unknown): boolean {
  return !isWireError(error) || isWireError(error, ErrorCode.rateLimited, ErrorCode.draining, ErrorCode.internal);
}
