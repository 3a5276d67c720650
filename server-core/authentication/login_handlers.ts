/** Handlers of `loginStart` and `loginFinish`: an OPAQUE login, which opens a session. */

import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { deviceIdOf } from "../../schema/credential.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { loginBytes } from "../../schema/signed_call.ts";
import type { Caller } from "../caller.ts";
import { messageBytes } from "../opaque/message_bytes.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { ExpiringMap } from "./expiring_map.ts";
import type { OpaqueLimits } from "./opaque_limits.ts";
import { checkLength, checkSuite } from "./parameters.ts";

/** Time between the two steps of a login. */
export const loginMs = 60_000;

interface HalfLogin {
  expectedKe3: Bytes;
  sessionKey: Bytes;
  /** Undefined for an unknown user, whose login takes the same steps and fails at the end. */
  known: { accountKey: Bytes; opaqueRecord: Bytes } | undefined;
}

/** Serves `loginStart` and `loginFinish`. */
export function addLoginHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, opaque, sessions, clock: wall, monotonic: clock = wall, onSessionsEnded }: AuthenticationDeps,
  limits: OpaqueLimits,
): void {
  const halves = new ExpiringMap<HalfLogin>({ clock, lifeMs: loginMs, maxEntries: 10_000 });

  handlers.unary(authentication.loginStart, async ({ suite, username, ke1 }, { caller }) => {
    checkSuite(suite);
    limits.start(caller.remoteAddress, username);
    // An account that the operator has disabled or deleted gets the answer for an unknown name.
    const stored = await accounts.opaqueRecord({ username });
    const known = stored?.active ? { accountKey: stored.accountKey, opaqueRecord: stored.opaqueRecord } : undefined;
    const { ke2, expectedKe3, sessionKey } = await opaque.run("respondToLogin", {
      username,
      ke1,
      record: known?.opaqueRecord,
    }, caller.remoteAddress);
    const loginId = crypto.getRandomValues(new Uint8Array(16));
    halves.add(toHex(loginId), { expectedKe3, sessionKey, known });
    return { loginId, ke2 };
  });

  handlers.unary(authentication.loginFinish, async ({ loginId, ke3, recipientKey, deviceSignature }, { caller }) => {
    limits.finish(caller.remoteAddress);
    checkLength(loginId, 16, "loginId");
    checkLength(ke3, messageBytes.ke3, "KE3");
    checkLength(recipientKey, 32, "recipientKey");
    const half = halves.take(toHex(loginId));
    // Both are always checked, and both failures have the same answer, so that callers do not learn which
    // check failed.
    const proven = half !== undefined && equalBytes(ke3, half.expectedKe3);
    if (!proven || !half.known) throw new WireError(ErrorCode.loginFailed, "login failed");
    if (!await verifyEd25519(recipientKey, deviceSignature, await loginBytes(half.sessionKey))) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "bad device signature");
    }
    const { accessToken, session } = sessions.create();
    const device = { deviceId: await deviceIdOf(recipientKey), recipientKey };
    const { account, enrolled, endedSessionIds } = await accounts.openSession({ ...half.known, device, session });
    if (endedSessionIds.length > 0) {
      sessions.forgetAccount(half.known.accountKey);
      onSessionsEnded?.(endedSessionIds);
    }
    return { accessToken, expiresMs: session.expiresMs, account, enrolled };
  });
}
