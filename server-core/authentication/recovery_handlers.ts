/**
 * Handlers of `recoverStart`, `recoverOpen` and `recoverFinish`: a new password for an owner who has the
 * recovery code but not the old password (docs/decisions/018).
 */

import { type Bytes, toHex, u64 } from "../../schema/bytes.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { recoverFinishBytes, recoverOpenBytes } from "../../schema/recovery.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { vaultFields } from "../../schema/signed_call.ts";
import type { Caller } from "../caller.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { ExpiringMap } from "./expiring_map.ts";
import type { OpaqueLimits } from "./opaque_limits.ts";
import { checkedVault, checkLength, checkSuite } from "./parameters.ts";
import { recoveryNonceLength, RecoveryNonces } from "./recovery_nonces.ts";

/** Time between two steps. */
export const recoveryStepMs = 60_000;

/**
 * Signatures for unknown names are checked against this key, so that they cost as much as those for known
 * names. It is the public key of RFC 8032 §7.1, TEST 1.
 */
const nobody = Uint8Array.from(
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".match(/../g)!,
  (hex) => parseInt(hex, 16),
);

const failed = () => new WireError(ErrorCode.loginFailed, "recovery failed");

/** Serves `recoverStart`, `recoverOpen` and `recoverFinish`. */
export function addRecoveryHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, opaque, sessions, clock: wall, monotonic: clock = wall, onSessionsEnded }: AuthenticationDeps,
  limits: OpaqueLimits,
): void {
  const nonces = new RecoveryNonces(clock, recoveryStepMs);
  const opened = new ExpiringMap<{ accountKey: Bytes; recoveryKey: Bytes }>({
    clock,
    lifeMs: recoveryStepMs,
    maxEntries: 10_000,
  });

  handlers.unary(authentication.recoverStart, ({ username }, { caller }) => {
    limits.start(caller.remoteAddress, username);
    return Promise.resolve({ nonce: nonces.create(username) });
  });

  handlers.unary(authentication.recoverOpen, async ({ suite, username, nonce, request, signature }, { caller }) => {
    checkSuite(suite);
    limits.finish(caller.remoteAddress);
    checkLength(nonce, recoveryNonceLength, "nonce");
    const found = await accounts.recoverable({ username });
    const isProven = await verifyEd25519(
      found?.recoveryKey ?? nobody,
      signature,
      await recoverOpenBytes(nonce, username, request),
    );
    if (!nonces.isGood(nonce, username) || !found || !isProven) throw failed();
    nonces.spend(nonce);
    const { response } = await opaque.run("respondToRegistration", { username, request }, caller.remoteAddress);
    const { account, recoveryKey, vault } = found;
    opened.add(toHex(nonce), { accountKey: account.accountKey, recoveryKey });
    return { account, vault, response };
  });

  handlers.unary(
    authentication.recoverFinish,
    async ({ nonce, record, expectedVaultVersion, vault, signature }, { caller }) => {
      limits.finish(caller.remoteAddress);
      checkLength(nonce, recoveryNonceLength, "nonce");
      const checked = checkedVault(vault, expectedVaultVersion + 1);
      const open = opened.take(toHex(nonce));
      if (!open) throw failed();
      if (
        !await verifyEd25519(
          open.recoveryKey,
          signature,
          await recoverFinishBytes(nonce, [record, u64(expectedVaultVersion), ...vaultFields(vault)]),
        )
      ) throw failed();
      await opaque.run("checkRecord", { record }, caller.remoteAddress);
      const { endedSessionIds } = await accounts.recover({
        ...open,
        opaqueRecord: record,
        expectedVersion: expectedVaultVersion,
        vault: checked,
      });
      sessions.forgetAccount(open.accountKey);
      onSessionsEnded?.(endedSessionIds);
      return {};
    },
  );
}
