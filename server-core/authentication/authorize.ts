/** Decides which caller may make which call (the "Who" of each method in schema/*.capnp). */

import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import type { CallAuth } from "../../schema/rpc/calls_and_returns.ts";
import { authentication, delivery, type Method } from "../../schema/rpc/methods.ts";
import type { Caller } from "../caller.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { staticTokenCheck } from "./tokens.ts";

/** Methods that need no token (P in node.capnp). */
const anyone = new Set<Method<never, never>>(
  [
    authentication.registerStart,
    authentication.registerFinish,
    authentication.loginStart,
    authentication.loginFinish,
    authentication.recoverStart,
    authentication.recoverOpen,
    authentication.recoverFinish,
    delivery.health,
  ] as Method<never, never>[],
);

/** Methods that a session may call while its device is not in the account's list. */
const beforeEnrolment = new Set<Method<never, never>>(
  [
    authentication.getVault,
    authentication.challenge,
    authentication.putDeviceList,
    authentication.lookup,
    authentication.logout,
  ] as Method<never, never>[],
);

/** Methods that the operator's token may call: those of S that need no account of the caller. */
const forOperator = new Set<Method<never, never>>([authentication.lookup] as Method<never, never>[]);

/**
 * @returns a function that identifies the caller of each call before its parameters are read. It rejects with
 *   WireError: E001 (no token, an unknown token, or one of another device), E002 (expired), E003 (the caller
 *   may not make this call)
 * @throws RangeError for a static token that is too short
 */
export function authorizeCall(
  { sessions, config }: Pick<AuthenticationDeps, "sessions" | "config">,
): (method: Method, auth: CallAuth, remoteAddress: string) => Promise<Caller> {
  const isOperator = staticTokenCheck(config.authToken);
  const withToken = async ({ accessToken, deviceId }: CallAuth, remoteAddress: string): Promise<Caller> => {
    if (isOperator(accessToken)) return { kind: "operator", remoteAddress };
    const session = await sessions.find(accessToken, deviceId);
    const { accountKey, recipientKey, enrolled, sessionId } = session;
    return { kind: "device", accountKey, deviceId: session.deviceId, recipientKey, enrolled, sessionId, remoteAddress };
  };
  return async (method, auth, remoteAddress) => {
    const called = method as Method<never, never>;
    if (anyone.has(called)) {
      if (auth.accessToken.length === 0) return { kind: "anyone", remoteAddress };
      // An invalid token must not keep its owner from signing in.
      return await withToken(auth, remoteAddress).catch((error) => {
        if (isWireError(error, ErrorCode.unauthenticated, ErrorCode.sessionExpired, ErrorCode.forbidden)) {
          return { kind: "anyone", remoteAddress };
        }
        throw error;
      });
    }
    if (auth.accessToken.length === 0) throw new WireError(ErrorCode.unauthenticated, "this call needs a session");
    const caller = await withToken(auth, remoteAddress).catch(async (error): Promise<Caller> => {
      // The answer to its deletion may have been lost. Its members know the device's id: it is no secret.
      const asks = called === authentication.deleteAccount as Method<never, never>;
      if (asks && isWireError(error, ErrorCode.forbidden) && await sessions.isDeleted(auth.deviceId)) {
        return { kind: "deleted", remoteAddress };
      }
      throw error;
    });
    if (caller.kind === "operator" && !forOperator.has(called)) {
      throw new WireError(ErrorCode.forbidden, "this call needs a device's session");
    }
    if (caller.kind === "device" && !caller.enrolled && !beforeEnrolment.has(called)) {
      throw new WireError(ErrorCode.forbidden, "the device is not in its account's device list");
    }
    return caller;
  };
}
