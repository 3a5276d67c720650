/** Handlers of `lookup`, `lookupAccounts` and `searchUsers`. */

import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import type { Handlers } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import type { AuthenticationDeps } from "./deps.ts";
import { checkLength } from "./parameters.ts";

const maxLookups = 100;
const maxFound = 20;
/**
 * Leaves room for the rest of a message of 256 KiB. Only accounts with very many revoked devices reach it.
 */
const maxListsBytes = 224 * 1024;

/** Serves `lookup`, `lookupAccounts` and `searchUsers`. */
export function addDirectoryHandlers(
  handlers: Handlers<Caller>,
  { store: { accounts }, config }: AuthenticationDeps,
): void {
  handlers.unary(authentication.lookup, async ({ username }) => {
    const account = await accounts.accountByName({ username });
    if (!account) throw new WireError(ErrorCode.unknownRecipient, "no such account");
    return { account };
  });

  handlers.unary(authentication.lookupAccounts, async ({ accountKeys }) => {
    if (accountKeys.length > maxLookups) {
      throw new WireError(ErrorCode.malformed, `at most ${maxLookups} accounts a call`);
    }
    for (const accountKey of accountKeys) checkLength(accountKey, 32, "accountKey");
    const found = await accounts.accountsByKey({ accountKeys });
    const total = found.reduce((bytes, { devices }) => bytes + devices.list.length + 192, 0);
    if (total > maxListsBytes) {
      throw new WireError(
        ErrorCode.payloadTooLarge,
        "the device lists do not fit into one answer: ask for fewer accounts",
      );
    }
    return { accounts: found };
  });

  handlers.unary(authentication.searchUsers, async ({ prefix, limit }) => {
    if (prefix.length === 0 || limit < 1 || limit > maxFound) {
      throw new WireError(ErrorCode.malformed, `a prefix of at least one character, a limit of 1 to ${maxFound}`);
    }
    if (config.directoryPrefix) return { usernames: await accounts.usernamesFrom({ prefix, limit }) };
    // By prefixes of one letter everybody could list all accounts, so that is the operator's choice.
    const [first] = await accounts.usernamesFrom({ prefix, limit: 1 });
    return { usernames: first === prefix ? [first] : [] };
  });
}
