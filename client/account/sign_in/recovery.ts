/** Sets a new password with the recovery code alone (docs/decisions/018). */

import { type Bytes, u64 } from "../../../schema/bytes.ts";
import { signEd25519 } from "../../../schema/ed25519.ts";
import { recoverFinishBytes, recoverOpenBytes } from "../../../schema/recovery.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError, WireError } from "../../../schema/rpc/errors.ts";
import { authentication, type Vault } from "../../../schema/rpc/methods.ts";
import { vaultFields } from "../../../schema/signed_call.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { type Enrolment, requireRootOf } from "./enroll.ts";
import { badAnswer } from "../errors.ts";
import { answered, askTimeoutMs } from "./lost_answer.ts";
import { startRegistration } from "./opaque.ts";
import { formatRecoveryCode, newRecoverySecret } from "./recovery_code.ts";
import { recoveryPart, recoverySeed } from "./recovery_key.ts";
import { openVault, sealVault, unwrapVaultKeys, wrapVaultKeys } from "../vault/vault.ts";

/**
 * Sets a new password and a new recovery code. All sessions of the account end; devices stay in its list.
 *
 * @param enrolment.password the new one, checked
 * @param recoverySecret 20 bytes, of the code
 * @param lowestVault the highest vault version of this account that was ever seen here
 * @returns the new code: the used one is void
 * @throws EngineError L014 a wrong code or an unknown user, L006; WireError, TransportError: where the
 *   server can not be asked after a lost answer, either the new password or the old code is valid
 */
export async function recoverAccount(
  { openStream, suite, username, password }: Enrolment,
  recoverySecret: Bytes,
  lowestVault = 1,
): Promise<{ recoveryCode: string }> {
  const rpc = new RpcClient(openStream);
  const opaque = await startRegistration(password, username, suite);
  const seed = await recoverySeed(recoverySecret);
  const nextSecret = newRecoverySecret();
  const secrets: Bytes[] = [seed, nextSecret];
  try {
    const { nonce } = await rpc.call(authentication.recoverStart, { username });
    const openSignature = await signEd25519(seed, await recoverOpenBytes(nonce, username, opaque.request));
    const { account, vault, response } = await rpc.call(authentication.recoverOpen, {
      suite: suite.tag,
      username,
      nonce,
      request: opaque.request,
      signature: openSignature,
    });
    if (account.username !== username) throw badAnswer("the server opened another account");
    const { accountKey } = account;
    const keys = await unwrapVaultKeys(vault.wrappedByRecovery, "recovery", recoverySecret, accountKey);
    secrets.push(keys.vaultKey, keys.rootSeed);
    await requireRootOf(accountKey, keys.rootSeed);
    const content = await openVault(vault, keys.vaultKey, accountKey, lowestVault);
    const { record, exportKey } = await opaque.finish(response);
    secrets.push(exportKey);
    const version = vault.version + 1;
    const next: Vault = {
      version,
      sealed: await sealVault(content, keys.vaultKey, accountKey, version),
      wrappedByPassword: await wrapVaultKeys(keys, "password", exportKey, accountKey),
      ...await recoveryPart(keys, nextSecret, accountKey),
    };
    const signature = await signEd25519(
      seed,
      await recoverFinishBytes(nonce, [record, u64(vault.version), ...vaultFields(next)]),
    );
    try {
      await rpc.call(authentication.recoverFinish, {
        nonce,
        record,
        expectedVaultVersion: vault.version,
        vault: next,
        signature,
      });
    } catch (error) {
      const nextSeed = await recoverySeed(nextSecret);
      secrets.push(nextSeed);
      const isInForce = () => opens(rpc, { suite, username }, opaque.request, nextSeed);
      if (error instanceof WireError || !await answered(isInForce)) throw error;
    }
    return { recoveryCode: formatRecoveryCode(nextSecret) };
  } catch (error) {
    if (isWireError(error, ErrorCode.loginFailed)) {
      throw new EngineError({ code: LocalCode.recoveryCode, detail: "the recovery code is not this account's" });
    }
    throw error;
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

/** @returns true: the account has the recovery code of `seed`, which is not used up by that @throws WireError E008 */
async function opens(
  rpc: RpcClient,
  { suite, username }: Pick<Enrolment, "suite" | "username">,
  request: Bytes,
  seed: Bytes,
): Promise<true> {
  const timeout = { timeoutMs: askTimeoutMs };
  const { nonce } = await rpc.call(authentication.recoverStart, { username }, timeout);
  const signature = await signEd25519(seed, await recoverOpenBytes(nonce, username, request));
  await rpc.call(authentication.recoverOpen, { suite: suite.tag, username, nonce, request, signature }, timeout);
  return true;
}
