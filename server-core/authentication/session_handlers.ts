/** Handlers of `logout`, `listSessions`, `revokeSession` and `challenge`. */

import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import type { Challenges } from "./challenges.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { sessionOf } from "./parameters.ts";

/** Serves `logout`, `challenge`, `listSessions` and `revokeSession`. */
export function addSessionHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, sessions, onSessionsEnded }: AuthenticationDeps,
  challenges: Challenges,
): void {
  const end = async (accountKey: Bytes, sessionId: Bytes) => {
    await accounts.endSession({ accountKey, sessionId });
    sessions.forgetAccount(accountKey);
    onSessionsEnded?.([sessionId]);
  };

  handlers.unary(authentication.logout, async (_params, { caller }) => {
    const { accountKey, sessionId } = sessionOf(caller);
    await end(accountKey, sessionId);
    return {};
  });

  handlers.unary(
    authentication.challenge,
    (_params, { caller }) => Promise.resolve({ nonce: challenges.create(sessionOf(caller)) }),
  );

  handlers.unary(authentication.listSessions, async (_params, { caller }) => {
    const { accountKey, sessionId } = sessionOf(caller);
    const listed = await accounts.sessions({ accountKey });
    return { sessions: listed.map((session) => ({ ...session, current: equalBytes(session.sessionId, sessionId) })) };
  });

  handlers.unary(authentication.revokeSession, async ({ sessionId, proof }, { caller }) => {
    const session = sessionOf(caller);
    await challenges.check(proof, session, "revokeSession", [sessionId]);
    await end(session.accountKey, sessionId);
    return {};
  });
}
