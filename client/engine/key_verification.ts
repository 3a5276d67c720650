/** Safety numbers, and the mark that the user sets after comparing them (specification §1.6). */

import { toHex } from "../../schema/bytes.ts";
import { safetyNumber } from "../account/directory/safety_number.ts";
import { keyChanged, otherKey } from "../account/directory/pinned_accounts.ts";
import type { AccountContext } from "../account/types.ts";
import type { SafetyNumber } from "../api/engine_api.ts";

/**
 * @returns the safety number with a person's key: the changed one while it waits for the user's decision
 * @throws EngineError L004, L001 for an account that was never seen
 */
export async function safetyNumberWith(
  { username: ownName, accountKey, directory }: AccountContext,
  username: string,
): Promise<SafetyNumber> {
  const { account, changedKey } = await directory.lookUpForVerification(username);
  const theirs = { accountKey: changedKey ?? account.accountKey, username };
  return {
    username,
    accountKey: toHex(theirs.accountKey),
    ...await safetyNumber({ accountKey, username: ownName }, theirs),
    verified: account.verified && !changedKey,
    changed: changedKey !== undefined,
  };
}

/**
 * Stores that the user compared the safety numbers, or withdraws that.
 *
 * @param accountKey hex, 32 bytes: the key whose number was compared
 * @throws EngineError L007 while another key waits for the user's decision, L017 for another key than the pin
 */
export async function markVerified(
  { directory }: AccountContext,
  username: string,
  accountKey: string,
  verified: boolean,
): Promise<void> {
  const { account, changedKey } = await directory.lookUpForVerification(username);
  // The number of a key that was not accepted yet confirms nothing.
  if (changedKey) throw keyChanged(username);
  if (toHex(account.accountKey) !== accountKey) throw otherKey(username);
  await directory.setVerified(account.accountKey, verified);
}

/**
 * @param accountKey 32 bytes
 * @returns the username that the directory has for the key, or undefined
 * @throws EngineError L001 offline
 */
export async function usernameOf({ directory }: AccountContext, accountKey: Uint8Array): Promise<string | undefined> {
  const known = await directory.byKey(accountKey) ??
    (await directory.refresh([accountKey])).find((account) => toHex(account.accountKey) === toHex(accountKey));
  return known?.username;
}
