/** Handlers of `getVault`, `putVault` and `changePassword`. */

import { u64 } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { vaultFields } from "../../schema/signed_call.ts";
import type { Caller } from "../caller.ts";
import type { Challenges } from "./challenges.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { checkedVault, checkSuite, sessionOf } from "./parameters.ts";

/** ms after a sign-in with the password in which the session may change password, wraps and recovery key. */
export const freshSessionMs = 5 * 60_000;

/** Serves `getVault`, `putVault` and `changePassword`. */
export function addVaultHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, opaque, sessions, clock, onSessionsEnded, onAccountChanged }: AuthenticationDeps,
  challenges: Challenges,
): void {
  handlers.unary(
    authentication.getVault,
    async (_params, { caller }) => ({ vault: await accounts.vault({ accountKey: sessionOf(caller).accountKey }) }),
  );

  handlers.unary(authentication.putVault, async ({ expectedVersion, vault, proof }, { caller }) => {
    const session = sessionOf(caller);
    const checked = checkedVault(vault, expectedVersion + 1);
    await challenges.check(proof, session, "putVault", [u64(expectedVersion), ...vaultFields(vault)]);
    await accounts.putVault({
      accountKey: session.accountKey,
      expectedVersion,
      vault: checked,
      sessionId: session.sessionId,
      freshSinceMs: clock() - freshSessionMs,
    });
    const { accountKey, recipientKey } = session;
    onAccountChanged?.({ accountKey, to: "own", by: recipientKey, acts: false });
    return {};
  });

  handlers.unary(
    authentication.changePassword,
    async ({ suite, record, expectedVaultVersion, vault, proof }, { caller }) => {
      checkSuite(suite);
      const session = sessionOf(caller);
      const checked = checkedVault(vault, expectedVaultVersion + 1);
      await challenges.check(proof, session, "changePassword", [
        record,
        u64(expectedVaultVersion),
        ...vaultFields(vault),
      ]);
      await opaque.run("checkRecord", { record }, caller.remoteAddress);
      const { accountKey, sessionId } = session;
      const { endedSessionIds } = await accounts.changePassword({
        accountKey,
        opaqueRecord: record,
        expectedVersion: expectedVaultVersion,
        vault: checked,
        keptSessionId: sessionId,
        freshSinceMs: clock() - freshSessionMs,
      });
      sessions.forgetAccount(accountKey);
      onSessionsEnded?.(endedSessionIds);
      return {};
    },
  );
}
