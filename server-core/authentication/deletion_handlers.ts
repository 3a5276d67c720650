/** Handler of `deleteAccount`: an account that its user deletes (docs/decisions/049). */

import { deviceListSuccession, openDeviceList, type SignedDeviceList } from "../../schema/device_list.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import { deletionBytes } from "../../schema/signed_call.ts";
import type { Caller } from "../caller.ts";
import type { AccountStore, StoredAccount } from "../storage/account_store.ts";
import type { Challenges } from "./challenges.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { sessionOf } from "./parameters.ts";
import { freshSessionMs } from "./vault_handlers.ts";

/** Serves `deleteAccount`, for a device of the account. */
export function addDeletionHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, sessions, clock, onSessionsEnded, onAccountChanged }: AuthenticationDeps,
  challenges: Challenges,
): void {
  handlers.unary(authentication.deleteAccount, async ({ devices, signature, proof }, { caller }) => {
    if (caller.kind === "deleted") return {};
    const session = sessionOf(caller);
    const { accountKey, recipientKey, sessionId } = session;
    await challenges.check(proof, session, "deleteAccount", [devices.list, devices.signature, signature]);
    if (!await verifyEd25519(accountKey, signature, await deletionBytes(proof.nonce, accountKey, devices.list))) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the deletion is not signed by the account's root key");
    }
    const [stored] = await accounts.accountsByKey({ accountKeys: [accountKey] });
    const next = devices.list.length === 0 ? undefined : await lastList(stored, devices);
    const { endedSessionIds } = await accounts.deleteAccount({
      accountKey,
      sessionId,
      freshSinceMs: clock() - freshSessionMs,
      ...(next && { next }),
    });
    sessions.forgetAccount(accountKey);
    onSessionsEnded?.(endedSessionIds);
    // The members of its groups take its devices out by the list.
    if (next) onAccountChanged?.({ accountKey, to: "all", by: recipientKey, acts: false });
    return {};
  });
}

/** @throws WireError E014 for a list with a device, E015 for one that does not follow; MalformedError */
async function lastList(
  stored: StoredAccount,
  { list, signature }: SignedDeviceList,
): Promise<Parameters<AccountStore["deleteAccount"]>[0]["next"]> {
  const next = await openDeviceList({ list, signature });
  const current = await openDeviceList(stored.devices);
  const fault = await deviceListSuccession(current, stored.devices.list, next);
  if (fault) throw new WireError(ErrorCode.epochConflict, `device list: ${fault}`);
  if (next.devices.length > 0) throw new WireError(ErrorCode.malformed, "the last device list has no device");
  return { expectedVersion: current.version, devices: { list, signature } };
}
